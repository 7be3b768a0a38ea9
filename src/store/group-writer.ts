/**
 * Appends to a file in groups: everything of one turn of the event loop is one write, and, where it must survive a
 * power loss, one sync at a time for all that was written during the one before.
 *
 * The write is synchronous: when the turn ends the kernel has it, and no SIGKILL takes it back. A failure is final:
 * after it nobody knows what a disk holds, so nothing that comes later may look as if it were safe.
 */
import { fdatasync, ftruncateSync, writeSync } from 'node:fs'
import { setImmediate } from 'node:timers'

/** What the writer needs of a disk; tests have bad ones. */
export interface Disk {
  /** Writes at the end of the file, perhaps not all; gives how many bytes. Throws. */
  write(fd: number, bytes: Buffer, start: number): number
  sync(fd: number, done: (error: Error | null) => void): void
  truncate(fd: number, size: number): void
}

const nodeDisk: Disk = {
  write: (fd, bytes, start) => writeSync(fd, bytes, start),
  sync: fdatasync,
  truncate: ftruncateSync,
}

type Group = PromiseWithResolvers<void>

const NEWLINE = 0x0a
/** Beyond this a turn's lines are more than one write: memory is not free. */
const MAX_GROUP_BYTES = 1 << 23
/** What is gathered in the same memory again and again makes no garbage; more than a turn mostly has is given back. */
const KEPT_BYTES = 1 << 16
/** The most that UTF-8 makes of a character of a string. */
const BYTES_PER_CHAR = 3

export class GroupWriter {
  readonly #fd: number
  readonly #power: boolean
  readonly #disk: Disk
  /** Bytes in the file, whole lines only. */
  #size: number
  #gathering: Group | undefined
  /** What it has gathered. */
  #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES)
  #filled = 0
  /** Written, and not known to be on the disk. */
  #unsynced: Group[] = []
  #syncing: Group[] | undefined
  #onIdle: (() => void) | undefined
  /** Why nothing can be appended any more. */
  #failure: unknown

  constructor(fd: number, size: number, durability: 'process' | 'power', disk: Disk = nodeDisk) {
    this.#fd = fd
    this.#size = size
    this.#power = durability === 'power'
    this.#disk = disk
  }

  /** Bytes that were written, with those of before. */
  get size(): number {
    return this.#size
  }

  /** All of one turn get the same promise: it resolves when the text is as safe as the durability says. */
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

  /** Writes what waits, and resolves when nothing is under way. Appending is over. */
  async end(): Promise<void> {
    this.#write()
    this.#failure ??= new Error('The run file is closed: nothing can be appended any more.')
    if (this.#syncing !== undefined) await new Promise<void>(resolve => (this.#onIdle = resolve))
  }

  #begin(): Group {
    // The check phase ends a turn: sockets and timers of this turn have called back by then. A microtask would come
    // after each of them, with a write of its own.
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

  /** Gives what has been gathered, good until the next one is. */
  #taken(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#filled)
    this.#filled = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(KEPT_BYTES)
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
        if (written <= 0) throw new Error('The run file takes no more bytes.')
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
      // Not tried again: after a failed sync the kernel may have dropped the pages, and the next one would succeed.
      if (error) this.#fail(error, groups)
      else for (const group of groups) group.resolve()
      this.#sync()
      if (this.#syncing === undefined) this.#onIdle?.()
    })
  }

  #fail(error: unknown, groups: readonly Group[]): void {
    this.#failure ??= error
    const waiting = [...(this.#syncing ?? []), ...groups, ...this.#unsynced]
    if (this.#gathering !== undefined) waiting.push(this.#gathering)
    this.#unsynced = []
    this.#gathering = undefined
    for (const group of waiting) group.reject(error)
  }

  /** The lines that went out whole stay; the torn one goes, so that the file needs no recovery. */
  #cutBack(bytes: Buffer, done: number): void {
    this.#size += bytes.subarray(0, done).lastIndexOf(NEWLINE) + 1
    try {
      this.#disk.truncate(this.#fd, this.#size)
    } catch {
      // The next one to open the file does it.
    }
  }
}
