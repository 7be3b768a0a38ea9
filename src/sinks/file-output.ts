/**
 * A file that rows are appended to. It is opened at once, so that a wrong path is known before anything is sent; a file
 * that is replaced keeps what it holds until there is something new. A write that fails half-way is taken back.
 */
import {
  close,
  constants,
  fstatSync,
  fsync,
  ftruncate,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  closeSync,
  write,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { ConfigError } from '../core/error.ts'
import type { Output } from './output.ts'

const writeTo = promisify(write)
const sync = promisify(fsync)
const truncate = promisify(ftruncate)
const closeFile = promisify(close)

/** What to do with a file that exists; with neither it is refused. */
export interface FileOptions {
  /** Replace what is there. */
  readonly overwrite?: boolean | undefined
  /** Go on after the end of what is there. */
  readonly append?: boolean | undefined
}

const LONGEST_LINE_BYTES = 65_536
const NEWLINE = 0x0a

/** @param sink its name, for messages */
export function openFile(sink: string, path: string, { overwrite, append }: FileOptions): FileOutput {
  const replace = overwrite === true
  if (replace && append === true) {
    throw new ConfigError([`${sink}: expected overwrite or append, got both. Leave one of them out.`])
  }
  try {
    return new FileOutput(path, open(path, replace || append === true), replace)
  } catch (error) {
    throw new ConfigError([`${sink}: ${whyNot(path, error)}`])
  }
}

function open(path: string, existing: boolean): number {
  try {
    return openSync(path, 'wx+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // A terminal, a pipe, /dev/null: nothing of theirs would be lost.
    const special = !statSync(path).isFile()
    if (!existing && !special) throw error
    return openSync(path, special ? constants.O_WRONLY : constants.O_RDWR)
  }
}

/** A sentence on a path that cannot be opened for writing. */
export function whyNot(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const shown = JSON.stringify(path)
  switch (code ?? '') {
    case 'EEXIST':
      return `expected a path where nothing is yet, got ${shown}, which exists. Set overwrite: true to replace it, or choose another.`
    case 'ENOENT':
      return `expected a path in a folder that exists, got ${shown}. Make ${JSON.stringify(dirname(path))} first.`
    case 'EISDIR':
      return `expected the path of a file, got ${shown}, which is a folder. Add a name to it.`
    case 'ENOTDIR':
      return `expected a path in a folder, got ${shown}, where one part of it is a file. Choose another.`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `expected a path that may be written, got ${shown} (${code}). Ask for the permission, or choose another.`
    default:
      return `expected a path that can be written, got ${shown} (${message}). Choose another.`
  }
}

export class FileOutput implements Output {
  readonly name: string
  readonly firstLine: string
  readonly torn: boolean
  readonly #fd: number
  /** A device or a pipe has no length: it can be neither cut nor synced. */
  readonly #isFile: boolean
  /** Length of what is whole. */
  #end: number
  /** What the file held before has yet to go. */
  #stale: boolean

  constructor(path: string, fd: number, replace: boolean) {
    this.name = path
    this.#fd = fd
    try {
      const stats = fstatSync(fd)
      this.#isFile = stats.isFile()
      this.#end = replace || !this.#isFile ? 0 : stats.size
      this.#stale = replace && this.#isFile && stats.size > 0
      this.firstLine = this.#end === 0 ? '' : lineOf(read(fd, 0, LONGEST_LINE_BYTES))
      this.torn = this.#end > 0 && read(fd, this.#end - 1, 1)[0] !== NEWLINE
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#stale) await truncate(this.#fd, 0)
    this.#stale = false
    try {
      await this.#writeAll(bytes)
    } catch (error) {
      this.#takeBack()
      throw error
    }
    this.#end += bytes.length
  }

  async close(): Promise<void> {
    try {
      if (this.#stale) await truncate(this.#fd, 0)
      // Some file systems tell only now that there was no room.
      if (this.#isFile) await sync(this.#fd)
    } finally {
      await closeFile(this.#fd)
    }
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const position = this.#isFile ? this.#end + done : null
      // oxlint-disable-next-line no-await-in-loop -- the system may take a part only, and the rest has to follow
      const { bytesWritten } = await writeTo(this.#fd, bytes, done, bytes.length - done, position)
      done += bytesWritten
    }
  }

  /** No half row stays behind. Best effort: whoever cannot write may not be able to cut either. */
  #takeBack(): void {
    if (!this.#isFile) return
    try {
      ftruncateSync(this.#fd, this.#end)
    } catch {
      // The error of the write says more.
    }
  }
}

function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position))
}

function lineOf(bytes: Buffer): string {
  const end = bytes.indexOf(NEWLINE)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}
