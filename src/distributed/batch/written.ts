/**
 * The disk of a part, which remembers what it has written: a seal that knows the bytes need not read the part again. A part
 * that is larger than a few chunks of usual results is not remembered.
 */
import { giveBuffer, takeBuffer } from './spare-buffers.ts'
import { nodeDisk } from '../../store/group-writer.ts'
import type { Disk } from '../../store/group-writer.ts'

/** As many chunks are open as `--chunks` says, each with a part. */
const MOST_BYTES = 1 << 21

export class Written implements Disk {
  readonly #disk: Disk
  #held: Buffer | undefined
  #size = 0
  #isTooLarge = false

  constructor(disk: Disk = nodeDisk) {
    this.#disk = disk
  }

  /** The whole part, from its first byte on, until it is forgotten. Undefined if it is too large. */
  get bytes(): Buffer | undefined {
    return this.#held?.subarray(0, this.#size)
  }

  /** Nothing is written any more, and nothing uses the bytes. */
  forget(): void {
    if (this.#held !== undefined) giveBuffer(this.#held)
    this.#held = undefined
  }

  write(fd: number, bytes: Buffer, start: number): number {
    const written = this.#disk.write(fd, bytes, start)
    if (!this.#isTooLarge) this.#remember(bytes, start, start + written)
    return written
  }

  sync(fd: number, done: (error: Error | null) => void): void {
    this.#disk.sync(fd, done)
  }

  truncate(fd: number, size: number): void {
    this.#disk.truncate(fd, size)
    this.#size = Math.min(this.#size, size)
  }

  #remember(bytes: Buffer, from: number, to: number): void {
    const size = this.#size + to - from
    if (size > MOST_BYTES) {
      this.#isTooLarge = true
      return this.forget()
    }
    bytes.copy(this.#roomFor(size), this.#size, from, to)
    this.#size = size
  }

  #roomFor(size: number): Buffer {
    const held = this.#held
    if (held !== undefined && held.length >= size) return held
    const larger = takeBuffer(size)
    held?.copy(larger, 0, 0, this.#size)
    if (held !== undefined) giveBuffer(held)
    return (this.#held = larger)
  }
}
