/**
 * A file in the making: `<path>.part`, which gets its name when it is whole. Never through a link, never into a file
 * that somebody else made, never over one that is there unless that is asked for.
 */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { fstatSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unlessDenied } from '../core/denied.ts'
import { HeldFile } from './held-file.ts'
import { NEW, moveToFree, systemError } from './new-file.ts'

/** Its operations run one after the other; each rejects with the error of the system. */
export class PartFile {
  /** How much of the body it has been given, from its beginning. */
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
  /** Of this generation: it can take no more. */
  #broken: { readonly error: unknown } | undefined

  /** @param algorithm of the checksum that is wanted, if any */
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

  /** What it holds is of no use: it is overwritten from the beginning. */
  restart(): void {
    this.bytes = 0
    this.#generation++
    this.#broken = undefined
    this.#hash = this.#algorithm === undefined ? undefined : createHash(this.#algorithm)
  }

  /** It is there, and can be written to. */
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
        // Behind the end of a file that others have cut, the system would fill up with zeros.
        if (fstatSync(file.fd).size < at) throw systemError('ESTALE', `${this.#part} was cut while it was written`)
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

  /** All of it is there and on the disk. The checksum in hexadecimal, where one is wanted. */
  finish(): Promise<string | undefined> {
    return this.#inTurn(async () => {
      this.#check()
      const file = await this.#opened()
      if (fstatSync(file.fd).size < this.bytes)
        throw systemError('ESTALE', `${this.#part} was cut while it was written`)
      // Of a longer beginning that was given up something may be left.
      await file.truncate(this.bytes)
      await file.sync().catch(unlessDenied)
      return this.#hash?.copy().digest('hex')
    })
  }

  /** Gives it its name. */
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

  /** Takes it away for good: a writer that is still at work must not make it anew. */
  abandon(): Promise<void> {
    this.#isAbandoned = true
    return this.discard()
  }

  /** Takes it away; what is written later makes it anew. */
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
    if (this.#isAbandoned) throw systemError('ECANCELED', `${this.#part} was given up`)
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

/** What a process before left behind goes first: nobody knows what it is the beginning of. */
async function openNew(part: string): Promise<FileHandle> {
  try {
    return await open(part, NEW, 0o666)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await rm(part)
    return open(part, NEW, 0o666)
  }
}

/** So that the name outlives a loss of power. Not everywhere can a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // The file itself is safe.
  }
}
