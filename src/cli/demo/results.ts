/**
 * The demo's `results.jsonl`. When complete, it replaces the file of an earlier demo, but never another file. It is
 * opened before anything is sent, so that a folder that cannot be written to is reported first.
 */
import { once } from 'node:events'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { systemReason } from '../../core/system-reason.ts'
import { NEW, fileIdentity, partNameOf, putInPlace } from '../../disk/new-file.ts'

/** The output cannot be written (exit code 74), or would replace a file of the user (2). */
export class OutputError extends Error {
  readonly exitCode: 2 | 74

  constructor(message: string, exitCode: 2 | 74) {
    super(message)
    this.exitCode = exitCode
  }
}

export interface Results {
  /** Whether a write has failed. The next `write` or `close` rejects with the reason. */
  readonly failed: boolean
  /** Resolves when the stream takes more: back-pressure of a slow disk. */
  write(line: string): Promise<void>
  /** Resolves with the bytes written, once the operating system has every line. Idempotent. */
  close(): Promise<number>
}

export async function openResults(path: string): Promise<Results> {
  if (!(await mayReplace(path))) {
    throw new OutputError(
      `cannot write ${path}: it exists, and is not from an earlier demo. Move it, or run in another folder.`,
      2,
    )
  }
  const part = successorOf(path)
  const file = await open(part ?? path, part === undefined ? 'w' : NEW, 0o666).catch((error: unknown) =>
    Promise.reject(unwritable(path, error)),
  )
  const identity = part && fileIdentity(part)
  const stream = file.createWriteStream()
  const ended = finished(stream).catch((error: unknown) => Promise.reject(unwritable(path, error)))
  // `write` and `close` report a failed write. Until then the rejection must not end the process.
  ended.catch(() => undefined)
  let isPlaced = false
  return {
    get failed() {
      return stream.errored !== null
    },
    async write(line) {
      if (stream.errored === null && stream.write(`${line}\n`)) return
      if (stream.errored === null) await Promise.race([once(stream, 'drain'), ended])
      if (stream.errored !== null) await ended
    },
    async close() {
      if (isPlaced) return stream.bytesWritten
      stream.end()
      await ended
      try {
        if (part !== undefined) putInPlace(part, behindLinks(path), identity)
      } catch (error) {
        throw unwritable(path, error)
      }
      isPlaced = true
      return stream.bytesWritten
    },
  }
}

/** The path of the draft; undefined if the target cannot be replaced: a device, a pipe, a folder. */
function successorOf(path: string): string | undefined {
  const there = statSync(path, { throwIfNoEntry: false })
  return there === undefined || there.isFile() ? partNameOf(behindLinks(path)) : undefined
}

const behindLinks = (path: string): string => (existsSync(path) ? realpathSync(path) : path)

/** A line of version 1, which earlier releases wrote, or the line with the salt and the first one of version 2. */
const OUR_FIRST_LINES =
  /^(?:\{"v":1,|\{"v":2,"salt":"[\w-]+","at":"[^"]+"\}\n\{"v":2,)"index":\d+,[^{}]*"url":"http:\/\/127\.0\.0\.1:\d+\/repos\//
const HEAD_BYTES = 1_024

/** True only for a file that an earlier demo wrote, so that the demo never replaces results of the user. */
async function mayReplace(path: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch {
    return true
  }
  try {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size === 0) return true
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return OUR_FIRST_LINES.test(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await file.close()
  }
}

function unwritable(path: string, error: unknown): OutputError {
  return new OutputError(`cannot write ${path}: ${systemReason(error)}. Run in a folder where you may write.`, 74)
}
