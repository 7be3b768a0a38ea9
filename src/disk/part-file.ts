/**
 * An incomplete file: `<path>.part`, renamed when it is complete. Never follows a link, never writes into a file made
 * by another program, and replaces an existing file only with `overwrite`.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unlessDenied } from '../core/denied.ts'
import { HeldFile } from './held-file.ts'
import { moveToFree, openNew, systemError } from './new-file.ts'

/** Operations run one after the other. Each rejects with the error of the system. */
export class PartFile {
  /** Number of bytes of the body passed to it so far. */
  bytes = 0
  readonly #path: string
  readonly #part: string
  readonly #overwrite: boolean
  readonly #algorithm: string | undefined
  #hash: Hash | undefined
  #file: FileHandle | undefined
  #held: HeldFile | undefined
  #last: Promise<unknown> = Promise.resolve()
  #generation = 0
  #isAbandoned = false
  /** The error of this generation; nothing more can be written. */
  #broken: { readonly error: unknown } | undefined

  /**
   * @param algorithm of the requested checksum, if any
   */
  constructor(
    { path, overwrite }: { readonly path: string; readonly overwrite: boolean },
    algorithm: string | undefined,
  ) {
    this.#path = path
    this.#overwrite = overwrite
    this.#part = `${path}.part`
    this.#algorithm = algorithm
    this.restart()
  }

  /** Discards the content: the next write starts at the beginning. */
  restart(): void {
    this.bytes = 0
    this.#generation++
    this.#broken = undefined
    this.#hash = this.#algorithm === undefined ? undefined : createHash(this.#algorithm)
  }

  /** Creates the file or checks that it is writable. */
  open(): Promise<void> {
    return this.#inTurn(async () => void (await this.#opened()))
  }

  append(data: Uint8Array): Promise<void> {
    const at = this.bytes
    const generation = this.#generation
    this.bytes += data.byteLength
    return this.#inTurn(async () => {
      if (generation !== this.#generation) return
      this.#check()
      try {
        const file = await this.#opened()
        // Past the end of a truncated file, the system would fill the gap with zeros.
        if (fstatSync(file.fd).size < at)
          throw systemError('ESTALE', `${this.#part} was truncated while it was written`)
        for (let done = 0; done < data.byteLength;) {
          const { bytesWritten } = await file.write(data, done, data.byteLength - done, at + done)
          done += bytesWritten
        }
        if (generation === this.#generation) this.#hash?.update(data)
      } catch (error) {
        if (generation === this.#generation) this.#broken = { error }
        throw error
      }
    })
  }

  /** Writes everything to the disk. Returns the checksum in hexadecimal if one was requested. */
  finish(): Promise<string | undefined> {
    return this.#inTurn(async () => {
      this.#check()
      const file = await this.#opened()
      if (fstatSync(file.fd).size < this.bytes)
        throw systemError('ESTALE', `${this.#part} was truncated while it was written`)
      // A longer beginning that was discarded may have left bytes behind.
      await file.truncate(this.bytes)
      await file.sync().catch(unlessDenied)
      return this.#hash?.copy().digest('hex')
    })
  }

  /** Renames it to its final name. */
  commit(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isOurs)
        throw systemError('ESTALE', `${this.#part} was deleted, moved or replaced while it was written`)
      await this.#close()
      try {
        if (this.#overwrite) await rename(this.#part, this.#path)
        else await moveToFree(this.#part, this.#path)
      } catch (error) {
        await rm(this.#part, { force: true })
        throw error
      }
      await syncFolder(dirname(this.#path))
    })
  }

  /** Deletes it for good: a writer that is still running must not create it again. */
  abandon(): Promise<void> {
    this.#isAbandoned = true
    return this.discard()
  }

  /** Deletes it; a later write creates it again. */
  discard(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file === undefined) return
      try {
        if (this.#isOurs) await rm(this.#part, { force: true })
      } finally {
        await this.#close()
      }
    })
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken.error
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  async #opened(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file
    if (this.#isAbandoned) throw systemError('ECANCELED', `${this.#part} was abandoned`)
    const file = await openNew(this.#part)
    this.#held = new HeldFile(file.fd, this.#part)
    return (this.#file = file)
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  get #isOurs(): boolean {
    return this.#held?.isThere === true
  }
}

/** Makes the rename survive a power loss. Best effort: some systems cannot open a folder. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // The content of the file is safe.
  }
}
