/**
 * The run file: one line of JSON per finished request, appended, never changed. It is what survives a crash.
 *
 * Opening locks it, reads it once in constant memory, cuts off what a crash left torn and remembers per index where
 * its last line stands. Values stay in the file until somebody asks.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  read,
  realpathSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { GroupWriter } from './group-writer.ts'
import { readLines } from './line-reader.ts'
import { lock } from './lock.ts'
import type { Lock } from './lock.ts'
import { Recovery } from './recovery.ts'
import type { Span } from './recovery.ts'
import { readLine, writeLine } from './run-lines.ts'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { REFUSED_ID } from '../core/journal.ts'
import type { DoneLine, Doubt, Dropped, IntentLine, Journal, Known } from '../core/journal.ts'

export interface RunFileOptions {
  /** `process`: SIGKILL loses nothing. `power`: nor does a power loss. */
  readonly durability: 'process' | 'power'
}

const readInto = promisify(read)

/** Opens or makes the file. Rejects with a ConfigError when it cannot serve; then it is as it was. */
export async function openRunFile(path: string, { durability }: RunFileOptions): Promise<Journal> {
  const name = `the run file ${JSON.stringify(path)}`
  const { fd, real } = openFile(path, name)
  let held: Lock | undefined
  try {
    held = lock(real, name)
    const recovery = new Recovery(name, fstatSync(fd).size)
    const rest = await readLines(fd, (bytes, offset) => recovery.take(bytes, offset))
    if (rest === undefined) throw recovery.refuseEndless()
    const { bytes, dropped, blanks } = recovery.end(rest)
    // By its path: Windows does not truncate what was opened for appending.
    if (dropped !== undefined) truncateSync(real, bytes)
    if (blanks.length > 0) blank(real, blanks)
    if (durability === 'power') syncAll(fd, real)
    return new RunFile(name, fd, held, recovery, dropped, new GroupWriter(fd, bytes, durability))
  } catch (error) {
    closeSync(fd)
    held?.release()
    throw error instanceof ConfigError ? error : unusable(name, error)
  }
}

/** What a run file holds. */
export type Contents = Pick<Journal, 'size' | 'known' | 'intent' | 'read'>

/** Read only: no lock, and nothing is mended. Undefined where there is none. */
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
      known: index => recovery.done.get(index),
      intent: index => recovery.doubts.get(index),
      read: index => lookAt(path, name, recovery, index),
    }
  } finally {
    closeSync(fd)
  }
}

/** Opened for it alone: few lines are asked for, and nobody says when it was the last. */
async function lookAt(path: string, name: string, recovery: Recovery, index: number): Promise<DoneLine> {
  const fd = openSync(path, 'r')
  try {
    return await lineAt(fd, name, recovery, index)
  } finally {
    closeSync(fd)
  }
}

async function lineAt(fd: number, name: string, { done }: Recovery, index: number): Promise<DoneLine> {
  const place = done.get(index)
  if (place === undefined) throw new Error(`${name} has no finished line of index ${index}.`)
  const bytes = Buffer.allocUnsafe(place.length)
  const { bytesRead } = await readInto(fd, bytes, 0, place.length, place.offset)
  const reading = readLine(bytes.subarray(0, bytesRead))
  if (reading.kind === 'done' && reading.line.index === index) return reading.line
  throw new Error(`${name} was changed while it was open: its line of index ${index} is no longer there.`)
}

/** Spaces in the place of damaged lines: no line moves, so a crash in between loses nothing. */
function blank(path: string, spans: readonly Span[]): void {
  const fd = openSync(path, 'r+')
  try {
    for (const { offset, length } of spans) writeSync(fd, Buffer.alloc(length, ' '), 0, length, offset)
  } finally {
    closeSync(fd)
  }
}

class RunFile implements Journal {
  readonly dropped: Dropped | undefined
  readonly #name: string
  readonly #fd: number
  readonly #lock: Lock
  readonly #recovery: Recovery
  readonly #writer: GroupWriter
  readonly #reads = new Set<Promise<unknown>>()
  #size: number
  #closing: Promise<void> | undefined

  constructor(
    name: string,
    fd: number,
    held: Lock,
    recovery: Recovery,
    dropped: Dropped | undefined,
    writer: GroupWriter,
  ) {
    this.#name = name
    this.#fd = fd
    this.#lock = held
    this.#recovery = recovery
    this.#writer = writer
    this.#size = recovery.size
    this.dropped = dropped
  }

  get size(): number {
    return this.#size
  }

  known(index: number): Known | undefined {
    return this.#recovery.done.get(index)
  }

  intent(index: number): Doubt | undefined {
    return this.#recovery.doubts.get(index)
  }

  async read(index: number): Promise<DoneLine> {
    if (this.#closing !== undefined) throw new Error(`${this.#name} is closed: nothing can be read any more.`)
    const reading = lineAt(this.#fd, this.#name, this.#recovery, index)
    // Closing waits for it: the number of a closed file may be another file's by then.
    this.#reads.add(reading)
    try {
      return await reading
    } finally {
      this.#reads.delete(reading)
    }
  }

  // Not async: all of one turn share one promise, and a line that cannot be JSON rejects alone.
  append(line: DoneLine | IntentLine): Promise<void> {
    let text: string
    try {
      text = writeLine(line)
    } catch (error) {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- Whatever a caller's toJSON throws.
      return Promise.reject(error)
    }
    const { index, id } = 'intent' in line ? (line as IntentLine).intent : line
    if (index >= this.#size && id !== REFUSED_ID) this.#size = index + 1
    return this.#writer.append(text)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writer.end()
    await Promise.allSettled(this.#reads)
    try {
      closeSync(this.#fd)
    } catch {
      // Some network file systems report here what they could not write; who appended in `power` knows from the sync.
    }
    this.#lock.release()
  }
}

function openFile(path: string, name: string): { readonly fd: number; readonly real: string } {
  try {
    const there = statSync(path, { throwIfNoEntry: false })
    // Before it is opened: a pipe would wait for its other end.
    if (there !== undefined && !there.isFile()) throw notAFile(name, there.isDirectory())
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o666)
    return { fd, real: realpathSync.native(path) }
  } catch (error) {
    throw error instanceof ConfigError ? error : unusable(name, error)
  }
}

/** The file's name is on the disk when its folder is. */
function syncAll(fd: number, real: string): void {
  fsyncSync(fd)
  // Folders cannot be opened there, and need not.
  if (process.platform === 'win32') return
  const folder = openSync(dirname(real), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function notAFile(name: string, isFolder: boolean): ConfigError {
  const what = isFolder ? 'a folder' : 'a device, a pipe or a socket'
  return new ConfigError([
    `${name}: expected the path of a file, got ${what}. Give the path of a file, as in "run.jsonl".`,
  ])
}

function unusable(name: string, error: unknown): ConfigError {
  const code = String((error as { code?: unknown } | undefined)?.code)
  const remedy = REMEDIES[code] ?? 'Give the path of a file that can be read and written'
  return new ConfigError([`${name} cannot be opened: ${reasonOf(error)}. ${remedy}.`])
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'Its folder must exist: make it, or give another path',
  ENOTDIR: 'A part of its path is a file: give another path',
  EACCES: 'It must be readable and writable: allow it, or give another path',
  EPERM: 'It must be readable and writable: allow it, or give another path',
  EROFS: 'Its file system is read-only: give another path',
  ENOSPC: 'Make room on its disk, or give a path on another one',
  ELOOP: 'Its links lead in a circle: give another path',
}
