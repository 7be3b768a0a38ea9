/**
 * A file that rows are appended to. It is opened at once, so a wrong path is reported before anything is sent. When it
 * replaces a file, the old one stays in place until the new one is complete and closed. A write that fails half-way is
 * undone. Nothing is written once another process has deleted, moved or truncated the file.
 */
import {
  close,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  closeSync,
  write,
} from 'node:fs'
import { promisify } from 'node:util'
import { ConfigError } from '../core/error.ts'
import { unlessDenied } from '../core/denied.ts'
import { HeldFile } from '../disk/held-file.ts'
import { NEW, fileIdentity, partNameOf, putInPlace } from '../disk/new-file.ts'
import type { SinkOutput } from './output.ts'
import { refusalOf } from './refusal.ts'
import { LF } from '../core/ascii.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'

const writeTo = promisify(write)
const sync = promisify(fsync)
const closeFile = promisify(close)

/** What to do with an existing file. Without either option, an existing file is refused. */
export interface FileOptions {
  /** Replace the existing file. Default false. */
  readonly overwrite?: boolean | undefined
  /** Add to the end of the existing file. Default false. */
  readonly append?: boolean | undefined
}

/** @param sink its name in messages */
export const overwriteAndAppend = (sink: string): Problem =>
  problem(sink, 'overwrite or append', 'both', 'Leave one of them out.')

const LONGEST_LINE_BYTES = 65_536

/**
 * @param sink its name in messages
 */
export function openFileOutput(sink: string, path: string, { overwrite, append }: FileOptions): FileOutput {
  if (overwrite === true && append === true) {
    throw new ConfigError([overwriteAndAppend(sink)])
  }
  try {
    return new FileOutput(path, openPath(path, { overwrite, append }))
  } catch (error) {
    throw new ConfigError([refusalOf(path, error)])
  }
}

interface OpenedFile {
  readonly fd: number
  /** Path of the open file. Undefined for a device or a pipe, which cannot be truncated or synced. */
  readonly file: string | undefined
  /** Present if the file was made here. */
  readonly isOurs?: true | undefined
  /** The file that this one replaces once it is complete. */
  readonly replaces?: string | undefined
}

function openPath(path: string, { overwrite, append }: FileOptions): OpenedFile {
  try {
    return { fd: openSync(path, NEW, 0o666), file: path, isOurs: true }
  } catch (error) {
    // Some systems report ELOOP for a link that O_NOFOLLOW refuses.
    if (!['EEXIST', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    const there = statSync(path, { throwIfNoEntry: false })
    // A link whose target does not exist.
    if (there === undefined) throw error
    // A terminal, a pipe, /dev/null: it has no content to lose.
    if (!there.isFile()) return { fd: openSync(path, constants.O_WRONLY), file: undefined }
    if (append === true) return { fd: openSync(path, constants.O_RDWR), file: path }
    if (overwrite !== true) throw error
    // Resolves links, so that the file is replaced and not the link.
    const replaces = realpathSync(path)
    const file = partNameOf(replaces)
    const mode = there.mode & 0o777
    const fd = openSync(file, NEW, mode)
    keepMode(fd, mode)
    return { fd, file, replaces, isOurs: true }
  }
}

/** Restores the mode bits that the umask removed. Best effort where changing a mode is denied. */
function keepMode(fd: number, mode: number): void {
  if (process.platform === 'win32') return
  try {
    fchmodSync(fd, mode)
  } catch (error) {
    unlessDenied(error)
  }
}

export class FileOutput implements SinkOutput {
  readonly name: string
  readonly firstLine: string
  readonly torn: boolean
  readonly #opened: OpenedFile
  /** Undefined for a device or a pipe. */
  readonly #held: HeldFile | undefined
  /** Length of the complete rows. */
  #end: number
  #isBroken = false

  constructor(path: string, opened: OpenedFile) {
    this.name = path
    this.#opened = opened
    const { fd, file } = opened
    try {
      this.#held = file === undefined ? undefined : new HeldFile(fd, file)
      this.#end = file === undefined ? 0 : fstatSync(fd).size
      this.firstLine = this.#end === 0 ? '' : firstLineOf(readAt(fd, 0, LONGEST_LINE_BYTES))
      this.torn = this.#end > 0 && readAt(fd, this.#end - 1, 1)[0] !== LF
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  async write(bytes: Buffer): Promise<void> {
    try {
      this.#held?.check(this.#end)
      await this.#writeAll(bytes)
    } catch (error) {
      this.#isBroken = true
      this.#takeBack()
      throw this.#withPlace(error)
    }
    this.#end += bytes.length
  }

  async close(): Promise<void> {
    const { fd, file, replaces } = this.#opened
    if (file === undefined) return closeFile(fd)
    const identity = fileIdentity(file)
    try {
      // Some file systems report a full disk only now.
      if (!this.#isBroken) await sync(fd).catch(unlessDenied)
      if (!this.#isBroken) this.#held?.check(this.#end)
    } finally {
      await closeFile(fd)
    }
    if (replaces === undefined) return
    if (!this.#isBroken) putInPlace(file, replaces, identity)
    else if (this.#end === 0) rmSync(file, { force: true })
  }

  /** Closes the file and removes it if this output made it; a file that it would have replaced stays as it is. */
  async discard(): Promise<void> {
    const { fd, file, isOurs } = this.#opened
    await closeFile(fd)
    if (file !== undefined && isOurs === true) rmSync(file, { force: true })
  }

  async #writeAll(bytes: Buffer): Promise<void> {
    const { fd, file } = this.#opened
    for (let done = 0; done < bytes.length;) {
      const position = file === undefined ? null : this.#end + done
      // oxlint-disable-next-line no-await-in-loop -- the system may take a part only, and the rest has to follow
      const { bytesWritten } = await writeTo(fd, bytes, done, bytes.length - done, position)
      done += bytesWritten
    }
  }

  /** Removes the half-written row. Best effort: where writing fails, truncating may fail as well. */
  #takeBack(): void {
    const { fd, file } = this.#opened
    if (file === undefined || fstatSync(fd).size <= this.#end) return
    try {
      ftruncateSync(fd, this.#end)
    } catch {
      // The error of the write is more useful.
    }
  }

  /** If the file was to replace another one, adds the path where its rows are. */
  #withPlace(error: unknown): unknown {
    const { file, replaces } = this.#opened
    const { code, message } = error as NodeJS.ErrnoException
    if (replaces === undefined || this.#end === 0 || code === 'ESTALE') return error
    const where = `the rows so far are in ${file}, and ${replaces} is unchanged`
    return Object.assign(new Error(`${message}; ${where}`, { cause: error }), { code })
  }
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position))
}

function firstLineOf(bytes: Buffer): string {
  const end = bytes.indexOf(LF)
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end)
}
