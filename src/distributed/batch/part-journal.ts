/**
 * The journal of one start of a chunk: a part file that only this start appends to. A line of a finished request is as
 * safe as in a run file. That of an unsafe request that is about to be sent is on the disk first, because another machine
 * goes on by itself when this one loses its power.
 */
import { close } from 'node:fs'
import type { OpenPart, Past, Place } from './parts.ts'
import { UrgentSync } from './urgent-sync.ts'
import { Written } from './written.ts'
import { GroupWriter } from '../../store/group-writer.ts'
import { writeLine } from '../../store/run-lines.ts'
import { reasonOf } from '../../core/callback.ts'
import { LineError } from '../../core/journal.ts'
import type { Fault } from '../../core/result.ts'
import type {
  DoneLine,
  Doubt,
  IntentLine,
  Journal,
  PollLine,
  RecordedJob,
  RecordedRequest,
} from '../../core/journal.ts'

export interface PartJournalParts {
  readonly part: OpenPart
  readonly salt: string
  readonly past: Pick<Past, 'doubts' | 'jobs' | 'known' | 'earlier'>
  readonly durability: 'process' | 'power'
  readonly verdict?: (() => Fault) | undefined
}

export class PartJournal implements Journal {
  // A chunk is part of an input: neither its length nor its keys say anything about the whole.
  readonly size = 0
  readonly keys = 0
  readonly dropped = undefined
  readonly salt: string
  readonly isNew: boolean
  readonly file: string
  /** A request has started a job. */
  hasJobs = false
  /** Where the lines of this start are, by position. */
  readonly done = new Map<number, Place>()
  readonly #part: OpenPart
  readonly #past: PartJournalParts['past']
  readonly #verdict: (() => Fault) | undefined
  readonly #writer: GroupWriter
  readonly #sync: UrgentSync
  readonly #written = new Written()
  #closing: Promise<void> | undefined

  constructor({ part, salt, past, durability, verdict }: PartJournalParts) {
    this.salt = salt
    this.isNew = past.doubts.size === 0 && past.jobs.size === 0 && past.earlier === undefined
    this.file = part.file
    this.#part = part
    this.#past = past
    this.#verdict = verdict
    this.#sync = new UrgentSync(part.path, durability === 'power', this.#written)
    this.#writer = new GroupWriter(part.fd, 0, 'power', this.#sync)
  }

  /** All that it has appended; undefined if that is much. */
  get bytes(): Buffer | undefined {
    return this.#written.bytes
  }

  /** Its bytes are not used any more. Only after it was closed. */
  forget(): void {
    this.#written.forget()
  }

  /** Requests that are done are not in the input of the run. The failures of a retry are. */
  known(id: string): RecordedRequest | undefined {
    return this.#past.known(id)
  }

  intent(id: string): Doubt | undefined {
    return this.#past.doubts.get(id)
  }

  job(id: string): RecordedJob | undefined {
    return this.#past.jobs.get(id)
  }

  verdict(): Fault | undefined {
    return this.#verdict?.()
  }

  keyedAt(): undefined {
    return undefined
  }

  sharesPrint(): boolean {
    return false
  }

  read(id: string | number): Promise<DoneLine> {
    const { earlier } = this.#past
    if (earlier !== undefined && typeof id === 'string') return earlier.read(id)
    return Promise.reject(new Error(`the parts have no line of ${id} that is read again`))
  }

  append(line: DoneLine | IntentLine | PollLine): Promise<void> {
    let text: string
    try {
      text = writeLine(line)
    } catch (cause) {
      return Promise.reject(new LineError(reasonOf(cause), { cause }))
    }
    if ('poll' in line) this.hasJobs = true
    if ('intent' in line || 'poll' in line) this.#sync.expect()
    const offset = this.#writer.length
    const appended = this.#writer.append(text)
    if (!('intent' in line || 'poll' in line)) this.#note(line, offset)
    return appended
  }

  /** The first line of a request counts, as it does for the reader of a part. */
  #note({ index, ok }: DoneLine, offset: number): void {
    if (this.done.has(index)) return
    this.done.set(index, { file: this.file, offset, length: this.#writer.length - offset, ok })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    await this.#writer.end()
    // Some network file systems report failed writes only here.
    await new Promise<void>((resolve, reject) => close(this.#part.fd, error => (error ? reject(error) : resolve())))
  }
}
