/**
 * Decides, line by line, which lines of a run file are valid, where its good part ends, and whether it is refused.
 *
 * Writing happens at the end of the file, so damage there is what a crash leaves: damaged lines are dropped, and valid
 * lines after them are kept. Damage far from the end, or a complete line that is not valid, was not caused by a crash,
 * and a person should look at it. A file that never was a run file is refused before anything is changed. Does no I/O
 * itself.
 */
import { LineBook, isKeyed, lineNameOf, positionOf } from './line-book.ts'
import { mayBeginLine, readLine } from './run-lines.ts'
import type { UnfinishedLine } from './line-reader.ts'
import type { LineReading } from './run-lines.ts'
import { ConfigError } from '../core/error.ts'
import { isUnsentCode } from '../core/outcome.ts'
import { REFUSED_PRINT } from '../core/journal.ts'
import type { DoneLine, Doubt, Dropped, IntentLine, PollLine, RecordedJob, SaltLine } from '../core/journal.ts'

// The line may be an edit, or two halves that a crash joined: one in 10,000 misplaced blocks looks like that.
const UNSUMMED = 'it has no crc as the lines before it have'
const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/**
 * The outcome is unknown and no response arrived, so `unknownWrites` decides about the request as if it had no line.
 */
const UNDECIDED: ReadonlySet<string> = new Set(['in_doubt/aborted', 'in_doubt/crash'])

/** Codes after which a job is no longer asked for: it has failed, or the server does not know it any more. */
const JOB_OVER: ReadonlySet<string> = new Set(['poll/failed', 'http/404', 'http/410'])

/** How far from the end a crash may have caused damage: data that the system had not written to the disk yet. */
export const TAIL_BYTES = 65_536

/** What is kept of the file. */
export interface KeptContent {
  readonly bytes: number
  readonly dropped: Dropped | undefined
  /** Damaged lines before valid ones. They are overwritten with blanks, so that the next run does not find them. */
  readonly blanks: readonly ByteSpan[]
}

export interface ByteSpan {
  readonly offset: number
  readonly length: number
}

type Bad = Extract<LineReading, { readonly kind: 'damaged' | 'refused' }>

interface Damage {
  readonly number: number
  readonly offset: number
  readonly problem: string
}

export class Recovery {
  readonly done = new LineBook()
  readonly doubts = new Map<string, Doubt>()
  /** Jobs that may not be done. */
  readonly jobs = new Map<string, RecordedJob>()
  /** One more than the highest position of the requests that were sent. */
  size = 0
  /** The salt from the first line. */
  salt: string | undefined
  readonly #name: string
  /** Lines read so far, including blank ones. */
  #number = 0
  /** Valid lines so far. */
  #good = 0
  #bad = 0
  /** A line had a checksum, so every line that this program wrote has one. */
  #summed = false
  /** The first damaged line after the last valid one. */
  #damage: Damage | undefined
  /** The damaged lines since then. */
  #spans: ByteSpan[] = []
  readonly #blanks: ByteSpan[] = []
  #firstBlank: number | undefined
  readonly #tailFrom: number

  /** `name` is the file's name in messages; `size` is its length in bytes. */
  constructor(name: string, size: number) {
    this.#name = name
    this.#tailFrom = size - TAIL_BYTES
  }

  /** Whether the file has no valid line. */
  get isEmpty(): boolean {
    return this.#good === 0
  }

  /** How many requests with keys have a line or an intent. */
  get keys(): number {
    let keys = this.done.keys
    for (const [id, { isFound }] of this.doubts) {
      if (isKeyed(id) && isFound !== true && this.done.get(id) === undefined) keys++
    }
    return keys
  }

  /** Takes the next line, without its `\n`. */
  take(bytes: Buffer, offset: number): void {
    this.#number++
    const skipped = markLength(bytes, offset)
    const line = bytes.subarray(skipped)
    const reading = readLine(line)
    switch (reading.kind) {
      case 'blank':
        return
      case 'newer':
        throw this.#newer(reading.version)
      case 'damaged':
      case 'refused':
        return this.#takeBad(line, offset, reading)
      case 'done':
      case 'intent':
      case 'poll':
      case 'salt':
      case 'note':
        if (this.#summed && !reading.summed) return this.#takeBad(line, offset, { kind: 'damaged', problem: UNSUMMED })
        if (this.#damage !== undefined) this.#setAside(this.#damage)
        this.#good++
        this.#summed ||= reading.summed
        if (reading.kind === 'done') this.#addDone(reading.line, offset + skipped, line.length)
        else if (reading.kind === 'intent') this.#addIntent(reading.line)
        else if (reading.kind === 'poll') this.#addPoll(reading.line)
        else if (reading.kind === 'salt') this.#addSalt(reading.line)
    }
  }

  #takeBad(line: Buffer, offset: number, reading: Bad): void {
    const { problem } = reading
    if (this.#good === 0 && this.#damage === undefined && !mayBeginLine(line, true)) throw this.#foreign(problem)
    this.#damage ??= { number: this.#number, offset, problem }
    this.#bad++
    this.#spans.push({ offset, length: line.length })
    // Blocks that a crash misplaced may happen to be JSON, but in a file with checksums they have none.
    const crashed = reading.kind === 'damaged' || (this.#summed && !reading.summed)
    if (!crashed) throw this.#refuse(this.#damage)
  }

  /** Valid lines follow, so only the damaged ones are dropped, and only where a crash can have caused the damage. */
  #setAside(damage: Damage): void {
    if (damage.offset < this.#tailFrom || !this.#summed) throw this.#refuse(damage)
    this.#blanks.push(...this.#spans)
    this.#firstBlank ??= damage.number
    this.#damage = undefined
    this.#spans = []
  }

  /** The result if the file ended here. May be called after any line; changes nothing. */
  end({ bytes, offset }: UnfinishedLine): KeptContent {
    const rest = bytes.subarray(markLength(bytes, offset))
    if (this.#good === 0 && this.#damage === undefined && !mayBeginLine(rest, false)) throw this.#foreignRest(rest)
    const keep = this.#damage?.offset ?? offset
    const blanks = this.#blanks
    const lost = offset + bytes.length - keep + blanks.reduce((sum, { length }) => sum + length, 0)
    if (lost === 0) return { bytes: keep, dropped: undefined, blanks }
    const lines = this.#bad + (bytes.length > 0 ? 1 : 0)
    const firstLine = this.#firstBlank ?? this.#damage?.number ?? this.#number + 1
    return { bytes: keep, dropped: { bytes: lost, lines, firstLine, isTorn: this.#bad === 0 }, blanks }
  }

  /** A line that is too long for a string. */
  refuseEndless(): ConfigError {
    this.#number++
    return this.#foreign('it is longer than any text may be')
  }

  #addSalt({ salt }: SaltLine): void {
    this.salt ??= salt
    if (this.salt === salt) return
    throw new ConfigError([
      `${this.#name}, line ${this.#number}: expected one line with a salt, got another one: these are two run files in ` +
        'one. Give the path of one of them.',
    ])
  }

  #addDone(line: DoneLine, offset: number, length: number): void {
    const { v, ok } = line
    const print = this.#printOf(line)
    const name = lineNameOf(line)
    const code = line.error?.code ?? ''
    const doubt = this.doubts.get(name)
    this.doubts.delete(name)
    if (ok || JOB_OVER.has(code)) this.jobs.delete(name)
    // Earlier releases wrote lines for requests that were not sent. Such a request is not done.
    if (isUnsentCode(code)) return
    const place = { v, print, ok, offset, length }
    this.done.set({ id: name, index: line.index, parent: line.parent }, ok ? place : { ...place, code })
    if (UNDECIDED.has(code)) this.doubts.set(name, { ...doubt, v, print, hasLine: true, ...foundIn(line) })
    if (print !== REFUSED_PRINT) this.#count(name)
  }

  #addIntent({ intent }: IntentLine): void {
    const { v, idempotencyKey, sent } = intent
    const print = this.#printOf(intent)
    const name = lineNameOf(intent)
    this.jobs.delete(name)
    if (sent === false) this.doubts.delete(name)
    else
      this.doubts.set(name, { v, print, ...(idempotencyKey !== undefined && { idempotencyKey }), ...foundIn(intent) })
    this.#count(name)
  }

  #addPoll({ poll }: PollLine): void {
    const { url, foreign, operation } = poll
    const name = lineNameOf(poll)
    const job = { print: this.#printOf(poll), isForeign: foreign === true, isOperation: operation === true }
    this.jobs.set(name, url === undefined ? job : { ...job, url })
    this.#count(name)
  }

  #count(name: string): void {
    this.size = Math.max(this.size, (positionOf(name) ?? -1) + 1)
  }

  /** Without the salt, no request can be compared with the fingerprint. */
  #printOf({ v, id, print }: Pick<DoneLine, 'v' | 'id' | 'print'>): string {
    if (v === 1) return id
    if (this.salt === undefined) throw this.#saltless()
    return print as string
  }

  #saltless(): ConfigError {
    return new ConfigError([
      `${this.#name}, line ${this.#number}: expected the line with the salt before it, which a run writes first, got ` +
        'none: without it the requests cannot be identified. Put it back, or give the path of a new file.',
    ])
  }

  #foreignRest(rest: Buffer): ConfigError {
    this.#number++
    const reading = readLine(rest)
    if (reading.kind === 'newer') return this.#newer(reading.version)
    return this.#foreign('problem' in reading ? reading.problem : 'it has no line end')
  }

  #foreign(problem: string): ConfigError {
    return new ConfigError([
      `${this.#name} is not a run file: expected lines of JSON as a run writes them, but line ${this.#number} is not one: ` +
        `${problem}. The file was left as it is; give the path of a run file, or of a new file.`,
    ])
  }

  #newer(version: number): ConfigError {
    return new ConfigError([
      `${this.#name}, line ${this.#number}: expected version 1 or 2, got ${version}: it was written by a newer version of ` +
        'parallel-requests. Update the package, or give the path of a new file.',
    ])
  }

  #refuse({ number, problem }: Damage): ConfigError {
    return new ConfigError([
      `${this.#name}, line ${number} cannot be used: ${problem}. It was damaged, or changed by hand. Delete this line ` +
        'to have its request sent again, or give the path of a new file.',
    ])
  }
}

/** Editors may put a byte-order mark at the beginning of a file. */
function markLength(bytes: Buffer, offset: number): number {
  return offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
}

const foundIn = ({ parent }: { readonly parent?: string | undefined }): { readonly isFound?: true } =>
  parent === undefined ? {} : { isFound: true }
