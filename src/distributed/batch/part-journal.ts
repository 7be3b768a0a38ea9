/**
 * The journal of one start of a chunk: lines are collected and written as part files. A line of a finished request waits
 * at most a second for others; that of an unsafe request that is about to be sent waits for nothing.
 */
import { join } from 'node:path'
import { clearImmediate, setImmediate } from 'node:timers'
import type { Chunk } from './chunk.ts'
import { createWhole } from './disk.ts'
import { partFolder, partName } from './parts.ts'
import type { Past } from './parts.ts'
import { writeLine } from '../../store/run-lines.ts'
import { reasonOf } from '../../core/callback.ts'
import { LineError } from '../../core/journal.ts'
import type { Fault } from '../../core/result.ts'
import type { DoneLine, Doubt, IntentLine, Journal, PollLine, RecordedJob } from '../../core/journal.ts'

/** A part has at most about this many finished requests: as many are sent again after a kill. */
export const PART_ROWS = 20
const PART_MS = 1_000

interface Waiting {
  readonly text: string
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export interface PartJournalParts {
  readonly results: string
  readonly chunk: Chunk
  readonly salt: string
  readonly epoch: number
  readonly past: Pick<Past, 'doubts' | 'jobs'>
  /** How many requests it gets a line of. */
  readonly left: number
  readonly verdict?: (() => Fault) | undefined
}

export class PartJournal implements Journal {
  // A chunk is part of an input: neither its length nor its keys say anything about the whole.
  readonly size = 0
  readonly keys = 0
  readonly dropped = undefined
  readonly salt: string
  readonly isNew: boolean
  /** How many of its requests are not done. */
  left: number
  readonly #given: PartJournalParts
  #epoch: number
  #part = 0
  #waiting: Waiting[] = []
  #rows = 0
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #writing: Promise<void> | undefined
  /** The waiting lines are written next. */
  #isDue = false
  #broken: { readonly error: unknown } | undefined

  constructor(given: PartJournalParts) {
    this.#given = given
    this.#epoch = given.epoch
    this.salt = given.salt
    this.left = given.left
    this.isNew = given.past.doubts.size === 0 && given.past.jobs.size === 0
  }

  /** Requests that are done are not in the input of the run. */
  known(): undefined {
    return undefined
  }

  intent(id: string): Doubt | undefined {
    return this.#given.past.doubts.get(id)
  }

  job(id: string): RecordedJob | undefined {
    return this.#given.past.jobs.get(id)
  }

  verdict(): Fault | undefined {
    return this.#given.verdict?.()
  }

  keyedAt(): undefined {
    return undefined
  }

  sharesPrint(): boolean {
    return false
  }

  read(id: string | number): Promise<DoneLine> {
    return Promise.reject(new Error(`the parts have no line of ${id} that is read again`))
  }

  append(line: DoneLine | IntentLine | PollLine): Promise<void> {
    let text: string
    try {
      text = writeLine(line)
    } catch (cause) {
      return Promise.reject(new LineError(reasonOf(cause), { cause }))
    }
    if (this.#broken !== undefined) return Promise.reject(this.#broken.error)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      if ('intent' in line || 'poll' in line) this.#soon()
      else this.#finished()
    })
  }

  #finished(): void {
    this.left--
    this.#rows++
    if (this.#rows >= PART_ROWS || this.left === 0) this.#soon()
    else this.#timer ??= setTimeout(() => void this.flush(), PART_MS)
  }

  /** Together with the other lines of this turn. */
  #soon(): void {
    this.#immediate ??= setImmediate(() => void this.flush())
  }

  /** Resolves when all lines so far are on the disk, or have been rejected. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
    this.#rows = 0
    this.#isDue = this.#waiting.length > 0
    // One write at a time: what comes in the meantime is the next part.
    this.#writing ??= this.#drain()
    return this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#isDue) {
      const lines = this.#waiting
      this.#waiting = []
      this.#rows = 0
      this.#isDue = false
      await this.#write(lines)
    }
    this.#writing = undefined
  }

  async #write(lines: readonly Waiting[]): Promise<void> {
    try {
      if (this.#broken !== undefined) throw this.#broken.error
      await this.#create(lines.map(({ text }) => text).join(''))
      for (const { resolve } of lines) resolve()
    } catch (error) {
      this.#broken ??= { error }
      for (const { reject } of lines) reject(error)
    }
  }

  async #create(text: string): Promise<void> {
    const { results, chunk } = this.#given
    for (;;) {
      const name = partName(chunk.number, this.#epoch, this.#part++)
      if (await createWhole(join(partFolder(results, chunk.number), name), file => file.writeFile(text))) return
      // Redis was emptied and counts the starts from 1 again, and the process of that other start is still writing.
      this.#epoch++
      this.#part = 0
    }
  }

  async close(): Promise<void> {
    await this.flush()
    if (this.#broken !== undefined) throw this.#broken.error
  }
}
