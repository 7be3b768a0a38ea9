/**
 * Appends to a file in groups: everything of one turn of the event loop is one write, and, where it must survive a
 * power loss, one sync at a time for all that was written during the one before.
 *
 * The write is synchronous: when the turn ends the kernel has it, and no SIGKILL takes it back. A failure is final:
 * after it nobody knows what a disk holds, so nothing that comes later may look as if it were safe.
 */
import { fdatasync, ftruncateSync, writeSync } from 'node:fs'

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

type Group = PromiseWithResolvers<void> & { text: string }

const NEWLINE = 0x0a
/** Beyond this a turn's lines are more than one write: a text has a longest length, and memory is not free. */
const MAX_GROUP_CHARS = 1 << 23

export class GroupWriter {
  readonly #fd: number
  readonly #power: boolean
  readonly #disk: Disk
  /** Bytes in the file, whole lines only. */
  #size: number
  #gathering: Group | undefined
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

  /** All of one turn get the same promise: it resolves when the text is as safe as the durability says. */
  append(text: string): Promise<void> {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is what the disk said.
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#gathering !== undefined && this.#gathering.text.length + text.length > MAX_GROUP_CHARS) this.#write()
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- It is what the disk said.
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#gathering ??= this.#begin()
    this.#gathering.text += text
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
    return { text: '', ...Promise.withResolvers<void>() }
  }

  #write(): void {
    const group = this.#gathering
    if (group === undefined) return
    this.#gathering = undefined
    const bytes = Buffer.from(group.text)
    group.text = ''
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
