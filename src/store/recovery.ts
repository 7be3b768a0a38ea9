/**
 * Decides, line by line, what a run file is worth: what is known, where its good part ends, or why it is refused.
 *
 * Writing stops at the end of a file, so damage there is what a crash leaves: what is damaged is dropped, and good lines
 * behind it stay. Damage far from the end, and a whole line that makes no sense, are not of a crash: somebody should
 * look. A file that never was a run file is refused before anything is changed. Reads and writes nothing itself.
 */
import { LineBook, nameOf, positionOf } from './line-book.ts'
import { mayBeginLine, readLine } from './run-lines.ts'
import type { Rest } from './line-reader.ts'
import type { Reading } from './run-lines.ts'
import { ConfigError } from '../core/error.ts'
import { isUnsentCode } from '../core/outcome.ts'
import { REFUSED_PRINT } from '../core/journal.ts'
import type { DoneLine, Doubt, Dropped, IntentLine, SaltLine } from '../core/journal.ts'

// It may be well-meant, or two halves that a crash put together: one in 10,000 misplaced blocks looks like that.
const UNSUMMED = 'it has no crc as the lines before it have'
const BYTE_ORDER_MARK = Buffer.from('\uFEFF')

/** Nobody knows, and nothing of it was heard: `unknownWrites` says what becomes of it, as if it had no line. */
const UNDECIDED: ReadonlySet<string> = new Set(['in_doubt/aborted', 'in_doubt/crash'])

/** How far from the end a crash may have reached: what the system had not written to the disk yet. */
export const TAIL_BYTES = 65_536

/** How much of the file stays. */
export interface Kept {
  readonly bytes: number
  readonly dropped: Dropped | undefined
  /** Damaged lines before good ones: to be blanked, so that they are found nowhere the next time. */
  readonly blanks: readonly Span[]
}

export interface Span {
  readonly offset: number
  readonly length: number
}

type Bad = Extract<Reading, { readonly kind: 'damaged' | 'refused' }>

interface Damage {
  readonly number: number
  readonly offset: number
  readonly problem: string
}

export class Recovery {
  readonly done = new LineBook()
  readonly doubts = new Map<string, Doubt>()
  /** One more than the highest position of what was sent. */
  size = 0
  /** Of the first line. */
  salt: string | undefined
  readonly #name: string
  /** Lines so far, blank ones included. */
  #number = 0
  /** Good lines so far. */
  #good = 0
  #bad = 0
  /** A line had a checksum: so had all that this program wrote. */
  #summed = false
  /** The first damaged line behind the last good one. */
  #damage: Damage | undefined
  /** The damaged lines since then. */
  #spans: Span[] = []
  readonly #blanks: Span[] = []
  #firstBlank: number | undefined
  readonly #tailFrom: number

  /** `name` is how messages call the file; `size` is its length in bytes. */
  constructor(name: string, size: number) {
    this.#name = name
    this.#tailFrom = size - TAIL_BYTES
  }

  /** Nothing was known. */
  get isEmpty(): boolean {
    return this.#good === 0
  }

  /** The next line, without its `\n`. */
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
      case 'salt':
      case 'note':
        if (this.#summed && !reading.summed) return this.#takeBad(line, offset, { kind: 'damaged', problem: UNSUMMED })
        if (this.#damage !== undefined) this.#setAside(this.#damage)
        this.#good++
        this.#summed ||= reading.summed
        if (reading.kind === 'done') this.#addDone(reading.line, offset + skipped, line.length)
        else if (reading.kind === 'intent') this.#addIntent(reading.line)
        else if (reading.kind === 'salt') this.#addSalt(reading.line)
    }
  }

  #takeBad(line: Buffer, offset: number, reading: Bad): void {
    const { problem } = reading
    if (this.#good === 0 && this.#damage === undefined && !mayBeginLine(line, true)) throw this.#foreign(problem)
    this.#damage ??= { number: this.#number, offset, problem }
    this.#bad++
    this.#spans.push({ offset, length: line.length })
    // Blocks that a crash put in the wrong place are JSON now and then; but where lines have checksums, not with one.
    const crashed = reading.kind === 'damaged' || (this.#summed && !reading.summed)
    if (!crashed) throw this.#refuse(this.#damage)
  }

  /** Good lines follow, so only what is damaged goes; and only where a crash can have been. */
  #setAside(damage: Damage): void {
    if (damage.offset < this.#tailFrom || !this.#summed) throw this.#refuse(damage)
    this.#blanks.push(...this.#spans)
    this.#firstBlank ??= damage.number
    this.#damage = undefined
    this.#spans = []
  }

  /** The end of the file; may be asked at any line, and changes nothing. */
  end({ bytes, offset }: Rest): Kept {
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

  /** A line that no text can hold. */
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
    const name = nameOf(line)
    const code = line.error?.code ?? ''
    const doubt = this.doubts.get(name)
    this.doubts.delete(name)
    // An earlier release wrote such lines, too; what was not sent is not done.
    if (isUnsentCode(code)) return
    this.done.set({ id: name, index: line.index }, { v, print, ok, offset, length })
    if (UNDECIDED.has(code)) this.doubts.set(name, { ...doubt, v, print, hasLine: true })
    if (print !== REFUSED_PRINT) this.#count(name)
  }

  #addIntent({ intent }: IntentLine): void {
    const { v, idempotencyKey, sent } = intent
    const print = this.#printOf(intent)
    const name = nameOf(intent)
    if (sent === false) this.doubts.delete(name)
    else this.doubts.set(name, { v, print, ...(idempotencyKey !== undefined && { idempotencyKey }) })
    this.#count(name)
  }

  #count(name: string): void {
    this.size = Math.max(this.size, (positionOf(name) ?? -1) + 1)
  }

  /** Without the salt nothing can be compared with it. */
  #printOf({ v, id, print }: Pick<DoneLine, 'v' | 'id' | 'print'>): string {
    if (v === 1) return id
    if (this.salt === undefined) throw this.#saltless()
    return print as string
  }

  #saltless(): ConfigError {
    return new ConfigError([
      `${this.#name}, line ${this.#number}: expected the line with the salt before it, which a run writes first, got ` +
        'none: without it nobody can tell which requests these are. Put it back, or give the path of a new file.',
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
      `${this.#name} is not a run file: expected lines of JSON as a run writes them, but line ${this.#number} is none: ` +
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

/** Editors put a mark at the beginning of a file. */
function markLength(bytes: Buffer, offset: number): number {
  return offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
}
