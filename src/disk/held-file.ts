/**
 * A file that is open for writing, and what others did to it meanwhile: deleted, moved, replaced, cut. Writing on goes
 * well after each of these, so that only a look tells whether what was written is where it is said to be.
 */
import { closeSync, fstatSync, lstatSync, openSync, readSync, readlinkSync, realpathSync, writeSync } from 'node:fs'
import { NEW, partNameOf } from './new-file.ts'

const PIECE_BYTES = 1_048_576

export class HeldFile {
  readonly #fd: number
  readonly #path: string
  readonly #id: string

  constructor(fd: number, path: string) {
    this.#fd = fd
    // The target of links: a link that replaces the file must not lead back to it.
    this.#path = realpathSync(path)
    this.#id = idOf(fstatSync(fd, { bigint: true }))
  }

  /** Whether its path still leads to it. */
  get isThere(): boolean {
    const there = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return there !== undefined && idOf(there) === this.#id
  }

  /**
   * Throws when it is no longer what was written, and says where that is now. The code is ESTALE.
   *
   * @param bytes that were written to it
   * @param mayGrow others may append to it: it is written at its end, whatever that is
   */
  check(bytes: number, mayGrow = false): void {
    const lost = this.#loss(bytes, mayGrow)
    if (lost !== undefined) throw Object.assign(new Error(lost), { code: 'ESTALE' })
  }

  #loss(bytes: number, mayGrow: boolean): string | undefined {
    const { nlink, size } = fstatSync(this.#fd)
    if (nlink === 0) return `a file that was deleted during the run; ${this.#rescued(bytes)}`
    if (!this.isThere)
      return `a file that was moved or replaced during the run; what was written is in ${this.#place()}`
    if (size < bytes) return `a file that was cut during the run: of ${bytes} bytes ${size} are left`
    if (size > bytes && !mayGrow)
      return `a file that others wrote to during the run: ${bytes} bytes of ${size} are ours`
    return undefined
  }

  /** Linux tells the current path of an open file. */
  #place(): string {
    try {
      return readlinkSync(`/proc/self/fd/${this.#fd}`)
    } catch {
      return 'the file that was opened, wherever it is now'
    }
  }

  /** A deleted file can be read while it is open, so its content is copied to another file. */
  #rescued(bytes: number): string {
    const path = partNameOf(this.#path)
    try {
      const fd = openSync(path, NEW, 0o600)
      try {
        copy(this.#fd, fd)
      } finally {
        closeSync(fd)
      }
      return `what was written has been copied to ${path}`
    } catch {
      return `the ${bytes} bytes that were written are gone with it`
    }
  }
}

function copy(from: number, to: number): void {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  for (let at = 0; ;) {
    const read = readSync(from, piece, 0, PIECE_BYTES, at)
    if (read === 0) return
    for (let done = 0; done < read;) done += writeSync(to, piece, done, read - done)
    at += read
  }
}

const idOf = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev} ${ino}`
