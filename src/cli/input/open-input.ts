/** Opens a file, a pipe or standard input as a stream of decompressed bytes. */
import { once } from 'node:events'
import { createReadStream, fstatSync, openSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { shellWord } from '../shell-word.ts'
import { UsageError } from '../usage-error.ts'
import { systemReason } from '../../core/system-reason.ts'
import { printableUrl } from '../../core/url.ts'

/** Called before anything is sent, so that a wrong path is reported first. */
export async function openInput(file: string, isGzip: boolean): Promise<Readable> {
  if (file === '-') return standardInput()
  // A pipe is read through a socket: a file read of it could not be cancelled before its writer writes or closes.
  if (statSync(file, { throwIfNoEntry: false })?.isFIFO() === true) {
    return new Socket({ fd: openSync(file, 'r'), writable: false })
  }
  const stream = createReadStream(file)
  try {
    await once(stream, 'ready')
    if (statSync(file).isDirectory()) throw new Error(A_FOLDER)
  } catch (error) {
    stream.destroy()
    const isUrl = /^https?:\/\//i.test(file)
    throw new UsageError(
      isUrl
        ? `-i: expected a file, got a URL. Write ${shellWord(printableUrl(file))} without -i.`
        : `cannot read -i ${file}: ${systemReason(error)}.`,
    )
  }
  // `pipeline` forwards errors of the file to this stream, so its own callback has nothing to do.
  return isGzip ? pipeline(stream, createGunzip(), () => undefined) : stream
}

const A_FOLDER = 'it is a folder'

/** Refuses a folder, which Node would read as an empty text. */
function standardInput(): Readable {
  if (!fstatSync(0).isDirectory()) return process.stdin
  throw new UsageError(`cannot read standard input: ${A_FOLDER}.`)
}
