/**
 * The run file: one line of JSON per finished request, only ever appended. It is what survives a crash.
 *
 * Opening locks it, reads it once in constant memory, truncates what a crash left torn, and remembers where the last
 * line of each request is. Values stay in the file until they are asked for.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  realpathSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { GroupWriter } from './group-writer.ts'
import { readInto, readLines } from './line-reader.ts'
import { lineNameOf, positionOf } from './line-book.ts'
import { lock } from './lock.ts'
import type { Lock } from './lock.ts'
import { Recovery } from './recovery.ts'
import type { ByteSpan } from './recovery.ts'
import { readLine, writeLine } from './run-lines.ts'
import { reasonOf } from '../core/callback.ts'
import { systemReason } from '../core/system-reason.ts'
import { ConfigError } from '../core/error.ts'
import { LineError, REFUSED_PRINT } from '../core/journal.ts'
import { HeldFile } from '../disk/held-file.ts'
import type {
  DoneLine,
  Doubt,
  Dropped,
  IntentLine,
  Journal,
  NoteLine,
  PollLine,
  RecordedJob,
  RecordedRequest,
  RunStartLine,
} from '../core/journal.ts'

export interface RunFileOptions {
  /** `process`: a SIGKILL loses nothing. `power`: a power loss does not either. */
  readonly durability: 'process' | 'power'
}

const RUN_SALT_BYTES = 16

/** Opens or creates the file. Rejects with a ConfigError if it cannot be used, and then does not change it. */
export async function openRunFile(path: string, { durability }: RunFileOptions): Promise<Journal> {
  const name = `the run file ${JSON.stringify(path)}`
  const { fd, real } = openRegularFile(path, name)
  let held: Lock | undefined
  try {
    held = lock(real, name)
    const recovery = new Recovery(name, fstatSync(fd).size)
    const rest = await readLines(fd, (bytes, offset) => recovery.take(bytes, offset))
    if (rest === undefined) throw recovery.refuseEndless()
    const { bytes, dropped, blanks } = recovery.end(rest)
    // By its path: Windows does not truncate a file that was opened for appending.
    if (dropped !== undefined) truncateSync(real, bytes)
    if (blanks.length > 0) blank(real, blanks)
    if (durability === 'power') syncAll(fd, real)
    const file = new HeldFile(fd, real)
    return new RunFile(name, { fd, file, lock: held }, recovery, dropped, new GroupWriter(fd, bytes, durability))
  } catch (error) {
    closeSync(fd)
    held?.release()
    throw error instanceof ConfigError ? error : unusableRunFile(name, error)
  }
}

/** What a run file holds. */
export type Contents = Pick<
  Journal,
  'size' | 'keys' | 'salt' | 'known' | 'intent' | 'job' | 'keyedAt' | 'sharesPrint' | 'read'
>

/** Reads the file without locking or repairing it. Undefined if it does not exist. */
export async function lookInto(path: string): Promise<Contents | undefined> {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const name = `the run file ${JSON.stringify(path)}`
  const fd = openSync(path, 'r')
  try {
    const recovery = new Recovery(name, fstatSync(fd).size)
    const rest = await readLines(fd, (bytes, offset) => recovery.take(bytes, offset))
    if (rest === undefined) throw recovery.refuseEndless()
    recovery.end(rest)
    return {
      size: recovery.size,
      keys: recovery.keys,
      salt: recovery.salt ?? '',
      known: id => recovery.done.get(id),
      intent: id => recovery.doubts.get(id),
      job: id => recovery.jobs.get(id),
      keyedAt: index => recovery.done.keyedAt(index),
      sharesPrint: print => recovery.done.sharesPrint(print),
      read: id => lookAt(path, name, recovery, id),
    }
  } finally {
    closeSync(fd)
  }
}

/** Opens and closes the file for each line that is read: few lines are, and a reader does not say when it is done. */
async function lookAt(path: string, name: string, recovery: Recovery, id: string | number): Promise<DoneLine> {
  const fd = openSync(path, 'r')
  try {
    return await lineAt(fd, name, recovery, id)
  } finally {
    closeSync(fd)
  }
}

async function lineAt(fd: number, name: string, { done }: Recovery, id: string | number): Promise<DoneLine> {
  const place = typeof id === 'number' ? done.keyedAt(id) : done.get(id)
  if (place === undefined) throw new Error(`${name} has no finished line of ${id}.`)
  const bytes = Buffer.allocUnsafe(place.length)
  const { bytesRead } = await readInto(fd, bytes, 0, place.length, place.offset)
  const reading = readLine(bytes.subarray(0, bytesRead))
  if (reading.kind === 'done' && isOf(reading.line, id)) return reading.line
  throw new Error(`${name} was changed while it was open: its line of ${id} is no longer there.`)
}

const isOf = (line: DoneLine, id: string | number): boolean =>
  typeof id === 'number' ? line.index === id : lineNameOf(line) === id

/** Overwrites damaged lines with spaces. No line moves, so a crash in between loses nothing. */
function blank(path: string, spans: readonly ByteSpan[]): void {
  const fd = openSync(path, 'r+')
  try {
    for (const { offset, length } of spans) writeSync(fd, Buffer.alloc(length, ' '), 0, length, offset)
  } finally {
    closeSync(fd)
  }
}

class RunFile implements Journal {
  readonly isNew: boolean
  readonly keys: number
  readonly salt: string
  readonly dropped: Dropped | undefined
  readonly #name: string
  readonly #fd: number
  readonly #file: HeldFile
  readonly #lock: Lock
  readonly #recovery: Recovery
  readonly #writer: GroupWriter
  readonly #reads = new Set<Promise<unknown>>()
  #size: number
  /** Whether the line with the salt has been written. */
  #isSalted: boolean
  /** The line that says that the run begins, until it is written. */
  #beginning: string | undefined
  #hasBegun = false
  #closing: Promise<void> | undefined

  constructor(
    name: string,
    opened: { readonly fd: number; readonly file: HeldFile; readonly lock: Lock },
    recovery: Recovery,
    dropped: Dropped | undefined,
    writer: GroupWriter,
  ) {
    this.#name = name
    this.#fd = opened.fd
    this.#file = opened.file
    this.#lock = opened.lock
    this.#recovery = recovery
    this.#writer = writer
    this.#size = recovery.size
    this.#isSalted = recovery.salt !== undefined
    this.salt = recovery.salt ?? randomBytes(RUN_SALT_BYTES).toString('base64url')
    this.keys = recovery.keys
    this.isNew = recovery.isEmpty
    this.dropped = dropped
  }

  get size(): number {
    return this.#size
  }

  known(id: string): RecordedRequest | undefined {
    return this.isNew ? undefined : this.#recovery.done.get(id)
  }

  intent(id: string): Doubt | undefined {
    return this.isNew ? undefined : this.#recovery.doubts.get(id)
  }

  job(id: string): RecordedJob | undefined {
    return this.isNew ? undefined : this.#recovery.jobs.get(id)
  }

  keyedAt(index: number): RecordedRequest | undefined {
    return this.#recovery.done.keyedAt(index)
  }

  sharesPrint(print: string): boolean {
    return this.#recovery.done.sharesPrint(print)
  }

  async read(id: string | number): Promise<DoneLine> {
    if (this.#closing !== undefined) throw new Error(`${this.#name} is closed: nothing can be read any more.`)
    const reading = lineAt(this.#fd, this.#name, this.#recovery, id)
    // close() waits for this: the descriptor of a closed file may be reused for another file.
    this.#reads.add(reading)
    try {
      return await reading
    } finally {
      this.#reads.delete(reading)
    }
  }

  // Not async: all appends of one turn share one promise, and a line that cannot be written as JSON rejects alone.
  append(line: DoneLine | IntentLine | PollLine): Promise<void> {
    let text: string
    try {
      text = writeLine(line)
    } catch (cause) {
      return Promise.reject(new LineError(reasonOf(cause), { cause }))
    }
    const request = requestOf(line)
    if (
      request.index >= this.#size &&
      request.print !== REFUSED_PRINT &&
      positionOf(lineNameOf(request)) !== undefined
    ) {
      this.#size = request.index + 1
    }
    if (this.#beginning === undefined) return this.#writer.append(this.#isSalted ? text : this.#salted(text, request.v))
    const whole = this.#beginning + text
    this.#beginning = undefined
    this.#hasBegun = true
    return this.#writer.append(this.#isSalted ? whole : this.#salted(whole, 2))
  }

  begin(line: RunStartLine): void {
    this.#beginning = writeLine(line)
  }

  end(lines: readonly NoteLine[]): void {
    if (!this.#hasBegun) return
    for (const line of lines) {
      // A disk that is full now has all outcomes, and the run has not failed.
      this.#writer.append(writeLine(line)).catch(() => undefined)
    }
  }

  /**
   * Adds the line with the salt before the first line that needs it, so that a refused run does not change the file.
   */
  #salted(text: string, v: 1 | 2): string {
    if (v === 1) return text
    this.#isSalted = true
    // An existing file may be readable by everyone.
    keepPrivate(this.#fd)
    return `${writeLine({ v: 2, salt: this.salt, at: new Date().toISOString() })}${text}`
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writer.end()
    await Promise.allSettled(this.#reads)
    try {
      // Lines are appended at the current end, so lines of another program do no harm.
      this.#file.check(this.#writer.size, true)
    } finally {
      try {
        closeSync(this.#fd)
      } catch {
        // Some network file systems report failed writes only here. In `power` mode the sync has already reported them.
      }
      this.#lock.release()
    }
  }
}

/** The request that a line is about. */
function requestOf(line: DoneLine | IntentLine | PollLine): DoneLine | IntentLine['intent'] | PollLine['poll'] {
  if ('intent' in line) return (line as IntentLine).intent
  return 'poll' in line ? (line as PollLine).poll : line
}

function openRegularFile(path: string, name: string): { readonly fd: number; readonly real: string } {
  try {
    const there = statSync(path, { throwIfNoEntry: false })
    // Checked before opening, because opening a pipe would block until its other end is opened.
    if (there !== undefined && !there.isFile()) throw notAFile(name, there.isDirectory())
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
    return { fd, real: realpathSync.native(path) }
  } catch (error) {
    throw error instanceof ConfigError ? error : unusableRunFile(name, error)
  }
}

/** The name of a new file is on the disk only once its folder is synced. */
function syncAll(fd: number, real: string): void {
  fsyncSync(fd)
  // Windows cannot open folders, and need not.
  if (process.platform === 'win32') return
  const folder = openSync(dirname(real), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function keepPrivate(fd: number): void {
  try {
    fchmodSync(fd, 0o600)
  } catch {
    // Another user owns the file, or the file system has no modes.
  }
}

function notAFile(name: string, isFolder: boolean): ConfigError {
  const what = isFolder ? 'a folder' : 'a device, a pipe or a socket'
  return new ConfigError([
    { cannot: `open ${name}`, because: `it is ${what}`, remedy: 'Give the path of a file, as in "run.jsonl".' },
  ])
}

function unusableRunFile(name: string, error: unknown): ConfigError {
  const code = String((error as { code?: unknown } | undefined)?.code)
  const remedy = REMEDIES[code] ?? 'Give the path of a file that can be read and written'
  return new ConfigError([{ cannot: `open ${name}`, because: systemReason(error), remedy: `${remedy}.` }])
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'Its folder must exist: make it, or give another path',
  ENOTDIR: 'A part of its path is a file: give another path',
  EACCES: 'It must be readable and writable: allow it, or give another path',
  EPERM: 'It must be readable and writable: allow it, or give another path',
  EROFS: 'Its file system is read-only: give another path',
  ENOSPC: 'Make room on its disk, or give a path on another one',
  ERR_ACCESS_DENIED: "Under Node's permission model only durability 'process' works",
  ELOOP: 'Its links lead in a circle: give another path',
}
