/**
 * A file that is open for writing, and a check whether another process has deleted, moved, replaced or truncated it.
 * Writes still succeed after each of these, so only the check shows whether the data is at the path.
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
    // Resolves links: a link that replaces the file must not lead back to it.
    this.#path = realpathSync(path)
    this.#id = heldFileId(fstatSync(fd, { bigint: true }))
  }

  /** Whether the path still leads to this file. */
  get isThere(): boolean {
    const there = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false })
    return there !== undefined && heldFileId(there) === this.#id
  }

  /**
   * Throws with code ESTALE if the file no longer holds what was written, and says where the data is now.
   *
   * @param bytes that were written to it
   * @param mayGrow other processes may append to it, because every write goes to its current end
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
    if (size < bytes) return `a file that was truncated during the run: ${size} of ${bytes} bytes are left`
    if (size > bytes && !mayGrow)
      return `a file that another process wrote to during the run: ${bytes} bytes of ${size} are ours`
    return undefined
  }

  /** Linux shows the current path of an open file. */
  #place(): string {
    try {
      return readlinkSync(`/proc/self/fd/${this.#fd}`)
    } catch {
      return 'the file that was opened, wherever it is now'
    }
  }

  /** A deleted file can be read while it is open, so its content is copied to a new file. */
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
      return `the ${bytes} bytes that were written are lost`
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

const heldFileId = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev} ${ino}`
