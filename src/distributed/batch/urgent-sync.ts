/** The disk of a part: syncs the groups with a line that must survive a power loss, or all of them. */
import { dirname } from 'node:path'
import { syncFolder } from './disk.ts'
import { nodeDisk } from '../../store/group-writer.ts'
import type { Disk } from '../../store/group-writer.ts'

export class UrgentSync implements Disk {
  readonly #path: string
  readonly #always: boolean
  readonly #disk: Disk
  /** A line of the next write must survive. */
  #isGathered = false
  /** A line that was written must survive, and is not synced yet. */
  #isWritten = false
  #isFolderSynced = false

  constructor(path: string, always: boolean, disk: Disk = nodeDisk) {
    this.#path = path
    this.#always = always
    this.#disk = disk
  }

  /** The line that is appended next must survive a power loss. */
  expect(): void {
    this.#isGathered = true
  }

  write(fd: number, bytes: Buffer, start: number): number {
    // A write has everything that was gathered.
    this.#isWritten ||= this.#isGathered
    this.#isGathered = false
    return this.#disk.write(fd, bytes, start)
  }

  sync(fd: number, done: (error: Error | null) => void): void {
    if (!this.#always && !this.#isWritten) return done(null)
    this.#isWritten = false
    this.#disk.sync(fd, error => {
      if (error !== null || this.#isFolderSynced) return done(error)
      this.#isFolderSynced = true
      void this.#syncName(done)
    })
  }

  /** The name of a new file is on the disk only once its folder is synced. */
  async #syncName(done: (error: Error | null) => void): Promise<void> {
    const failed = await syncFolder(dirname(this.#path)).catch((error: Error) => error)
    done(failed ?? null)
  }

  truncate(fd: number, size: number): void {
    this.#disk.truncate(fd, size)
  }
}
