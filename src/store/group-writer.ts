/**
 * Appends to a file in groups. All lines of one turn of the event loop are one write. If they must survive a power
 * loss, one sync at a time covers everything written during the previous one.
 *
 * The write is synchronous: when the turn ends, the kernel has the data, and a SIGKILL cannot lose it. A failure is
 * final: after it the content of the disk is unknown, so nothing written later may be reported as safe.
 */
import { fdatasync, ftruncateSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers'
import { LF } from '../core/ascii.ts'

/** The file operations that the writer uses. Tests replace them by operations that fail. */
export interface Disk {
  /** Writes at the end of the file, perhaps only a part. Returns the number of bytes. Throws. */
  write(fd: number, bytes: Buffer, start: number): number
  sync(fd: number, done: (error: Error | null) => void): void
  truncate(fd: number, size: number): void
}

export const nodeDisk: Disk = {
  write: (fd, bytes, start) => writeSync(fd, bytes, start),
  sync: fdatasync,
  truncate: ftruncateSync,
}

type WriteGroup = PromiseWithResolvers<void>

/** Beyond this size, the lines of a turn are split into several writes, to bound memory. */
const MAX_GROUP_BYTES = 1 << 23
/** The buffer is reused, so it makes no garbage. One that is larger than this is released after the write. */
const MAX_REUSED_BYTES = 1 << 16
/** The most bytes that UTF-8 needs per UTF-16 code unit. */
const BYTES_PER_CHAR = 3

export class GroupWriter {
  readonly #fd: number
  readonly #power: boolean
  readonly #disk: Disk
  /** Length of the complete lines in the file. */
  #size: number
  #gathering: WriteGroup | undefined
  /** The gathered text; the first `#filled` bytes are used. */
  #bytes = Buffer.allocUnsafeSlow(MAX_REUSED_BYTES)
  #filled = 0
  /** Groups that were written but not yet synced. */
  #unsynced: WriteGroup[] = []
  #syncing: WriteGroup[] | undefined
  #onIdle: (() => void) | undefined
  /** The failure after which nothing can be appended. */
  #failure: unknown

  constructor(fd: number, size: number, durability: 'process' | 'power', disk: Disk = nodeDisk) {
    this.#fd = fd
    this.#size = size
    this.#power = durability === 'power'
    this.#disk = disk
  }

  /** Length of the file so far, earlier content included. */
  get size(): number {
    return this.#size
  }

  /** Length of the file once all that was appended is written. */
  get length(): number {
    return this.#size + this.#filled
  }

  /** All appends of one turn get the same promise. It resolves when the text is as safe as `durability` demands. */
  append(text: string): Promise<void> {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is what the disk said.
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#gathering !== undefined && this.#filled + text.length > MAX_GROUP_BYTES) this.#write()
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is what the disk said.
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#gathering ??= this.#begin()
    this.#gather(text)
    return this.#gathering.promise
  }

  /** Writes what is pending and resolves when no sync is running. Nothing can be appended afterwards. */
  async end(): Promise<void> {
    this.#write()
    this.#failure ??= new Error('The run file is closed: nothing can be appended any more.')
    if (this.#syncing !== undefined) await new Promise<void>(resolve => (this.#onIdle = resolve))
  }

  #begin(): WriteGroup {
    // The check phase ends a turn: sockets and timers of the turn have called back by then. A microtask would run after
    // each callback and cause a write each.
    setImmediate(() => this.#write())
    return Promise.withResolvers<void>()
  }

  #gather(text: string): void {
    const needed = this.#filled + text.length * BYTES_PER_CHAR
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#filled)
      this.#bytes = larger
    }
    this.#filled += this.#bytes.write(text, this.#filled)
  }

  /** Returns the gathered bytes, valid until the next append. */
  #taken(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#filled)
    this.#filled = 0
    if (this.#bytes.length > MAX_REUSED_BYTES) this.#bytes = Buffer.allocUnsafeSlow(MAX_REUSED_BYTES)
    return bytes
  }

  #write(): void {
    const group = this.#gathering
    if (group === undefined) return
    this.#gathering = undefined
    const bytes = this.#taken()
    let done = 0
    try {
      while (done < bytes.length) {
        const written = this.#disk.write(this.#fd, bytes, done)
        if (written <= 0) throw new Error('cannot write to the run file: the system accepts no more bytes')
        done += written
      }
    } catch (error) {
      this.#fail(error, [group])
      this.#cutBack(bytes, done)
      return
    }
    this.#size += bytes.length
    if (!this.#power) return group.resolve()
    this.#unsynced.push(group)
    this.#sync()
  }

  #sync(): void {
    if (this.#syncing !== undefined || this.#unsynced.length === 0) return
    const groups = this.#unsynced
    this.#unsynced = []
    this.#syncing = groups
    this.#disk.sync(this.#fd, error => {
      this.#syncing = undefined
      // Not retried: after a failed sync the kernel may have dropped the pages, so the next sync would succeed wrongly.
      if (error) this.#fail(error, groups)
      else for (const group of groups) group.resolve()
      this.#sync()
      if (this.#syncing === undefined) this.#onIdle?.()
    })
  }

  #fail(error: unknown, groups: readonly WriteGroup[]): void {
    this.#failure ??= error
    const waiting = [...(this.#syncing ?? []), ...groups, ...this.#unsynced]
    if (this.#gathering !== undefined) waiting.push(this.#gathering)
    this.#unsynced = []
    this.#gathering = undefined
    for (const group of waiting) group.reject(error)
  }

  /** Keeps the lines that were written completely and removes the torn one, so the file needs no recovery. */
  #cutBack(bytes: Buffer, done: number): void {
    this.#size += bytes.subarray(0, done).lastIndexOf(LF) + 1
    try {
      this.#disk.truncate(this.#fd, this.#size)
    } catch {
      // Opening the file again removes the torn line.
    }
  }
}
