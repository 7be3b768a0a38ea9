/**
 * One line of a run file: how it is written, and how it is checked when it is read.
 *
 * A line ends with a checksum of the bytes before it, because a flipped bit in a number or a string is still valid
 * JSON. A file that another program or a person wrote may have lines without one. UTF-8 with `\n`; `\r\n` is read as
 * well.
 */
import { isUtf8 } from 'node:buffer'
// By its default export: see core/supported-node.ts.
import zlib from 'node:zlib'
import { lineProblem } from './line-shape.ts'
import { parseAnswer } from '../core/exact-json.ts'
import type { DoneLine, IntentLine, NoteLine, PollLine, SaltLine } from '../core/journal.ts'
import { CR, LF, SP, TAB } from '../core/ascii.ts'
import { wellFormedRow, withSurrogates } from '../core/well-formed.ts'

/** The last bytes of a line with a checksum; `?` stands for a hexadecimal digit. */
const SUM = Buffer.from(',"crc":"????????"}')
const DIGIT = '?'.charCodeAt(0)
const FIRST_DIGIT = SUM.indexOf(DIGIT)
const FIXED = SUM.filter(byte => byte !== DIGIT).length

const FORMAT_VERSION = 2

/** What a line turned out to be. */
export type LineReading =
  | { readonly kind: 'blank' }
  | { readonly kind: 'done'; readonly line: DoneLine; readonly summed: boolean }
  | { readonly kind: 'intent'; readonly line: IntentLine; readonly summed: boolean }
  | { readonly kind: 'poll'; readonly line: PollLine; readonly summed: boolean }
  | { readonly kind: 'salt'; readonly line: SaltLine; readonly summed: boolean }
  /** A note about the run itself. Nothing depends on it. */
  | { readonly kind: 'note'; readonly summed: boolean }
  /** The bytes were changed after writing, by the disk or by hand. */
  | { readonly kind: 'damaged'; readonly problem: string }
  /** Valid JSON, but not a valid line. */
  | { readonly kind: 'refused'; readonly problem: string; readonly summed: boolean }
  | { readonly kind: 'newer'; readonly version: number }

/**
 * The line with its checksum and line end. Other programs must be able to read it: some refuse a whole file for one lone
 * surrogate. Throws what JSON.stringify throws.
 */
export function writeLine(line: DoneLine | IntentLine | PollLine | SaltLine | NoteLine): string {
  const open = wellFormedRow(JSON.stringify(line)).slice(0, -1)
  return `${open},"crc":"${hex(zlib.crc32(open))}"}\n`
}

/** The JSON of a line, before anything is said about its fields. */
export type LineJson =
  | Extract<LineReading, { readonly kind: 'blank' | 'damaged' }>
  | { readonly kind: 'json'; readonly value: unknown; readonly sum: 'fits' | 'differs' | 'none' }

/** Parses the bytes of one line, without its `\n`. */
export function parseLine(bytes: Buffer): LineJson {
  const line = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes
  if (isBlank(line)) return { kind: 'blank' }
  if (!isUtf8(line)) return { kind: 'damaged', problem: 'it is not UTF-8' }
  const value = jsonOf(line)
  if (value === undefined) return { kind: 'damaged', problem: 'it is not JSON' }
  return { kind: 'json', value, sum: checkSum(line, value) }
}

/** Reads the bytes of one line, without its `\n`. */
export function readLine(bytes: Buffer): LineReading {
  const parsed = parseLine(bytes)
  if (parsed.kind !== 'json') return parsed
  const { value, sum } = parsed
  const version = versionOf(value)
  // One flipped bit turns a 2 into a 3.
  if (version > FORMAT_VERSION && sum !== 'differs') return { kind: 'newer', version }
  if (sum !== 'differs' && isNote(value)) return { kind: 'note', summed: sum === 'fits' }
  const problem = lineProblem(value)
  if (sum === 'differs') return { kind: 'damaged', problem: problem ?? 'it is not as it was written: its crc differs' }
  const summed = sum === 'fits'
  if (problem !== undefined) return { kind: 'refused', problem, summed }
  if (summed) delete (value as { crc?: unknown }).crc
  if ('intent' in (value as object)) return { kind: 'intent', line: value as IntentLine, summed }
  if ('poll' in (value as object)) return { kind: 'poll', line: value as PollLine, summed }
  if ('salt' in (value as object)) return { kind: 'salt', line: value as SaltLine, summed }
  return { kind: 'done', line: value as DoneLine, summed }
}

/** Whether bytes can be the beginning of a line of a run file, or the zeros that a power loss leaves in its place. */
export function mayBeginLine(bytes: Buffer, ended: boolean): boolean {
  const zeros = bytes.every(byte => byte === 0)
  return zeros || BEGINNINGS.some(ours => begins(bytes, ours) || (!ended && begins(ours, bytes)))
}

const BEGINNINGS = ['{"v":1,', '{"intent":{"v":1,', '{"v":2,', '{"intent":{"v":2,'].map(text => Buffer.from(text))

/** Notes say when a run began or ended, or when a host was paused. */
function isNote(value: unknown): boolean {
  const { run, pause } = Object(value) as { run?: unknown; pause?: unknown }
  return run !== undefined || pause !== undefined
}

function begins(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}

const CHECKSUM_WORD = Buffer.alloc(4)

/** Through bytes: `toString(16)` is slow for numbers that are not small integers, and this runs for every line. */
function hex(sum: number): string {
  CHECKSUM_WORD.writeUInt32BE(sum)
  return CHECKSUM_WORD.toString('hex')
}

function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === SP || byte === TAB || byte === CR)
}

/** Undefined if it is not JSON. */
function jsonOf(line: Buffer): unknown {
  try {
    const text = line.toString()
    const value = parseAnswer(text)
    const { surrogates } = Object(value) as { surrogates?: unknown }
    return typeof surrogates === 'string' ? parseAnswer(withSurrogates(text, surrogates)) : value
  } catch {
    return undefined
  }
}

/** Whether the bytes of a line, with its `\n`, fit its checksum. A line without one does not. */
export function isAsWritten(line: Buffer): boolean {
  const start = line.length - 1 - SUM.length
  if (start < 0 || line.at(-1) !== LF) return false
  const written = line.toString('latin1', start + FIRST_DIGIT, start + FIRST_DIGIT + 8)
  return written === hex(zlib.crc32(line.subarray(0, start)))
}

function checkSum(line: Buffer, value: unknown): 'fits' | 'differs' | 'none' {
  const start = line.length - SUM.length
  const none = Object.hasOwn(Object(value) as object, 'crc') ? 'differs' : 'none'
  if (start < 0) return none
  let alike = 0
  for (let i = 0; i < SUM.length; i++) if (SUM[i] !== DIGIT && SUM[i] === line[start + i]) alike++
  // A checksum field that matches by at least half was one. Otherwise damage to its name would remove its protection.
  if (alike < FIXED / 2) return none
  if (alike < FIXED) return 'differs'
  const written = line.toString('latin1', start + FIRST_DIGIT, start + FIRST_DIGIT + 8)
  return written === hex(zlib.crc32(line.subarray(0, start))) ? 'fits' : 'differs'
}

type Versioned = { readonly v?: unknown } | null

function versionOf(value: unknown): number {
  const { v, intent, poll } = Object(value) as { v?: unknown; intent?: Versioned; poll?: Versioned }
  const inner = intent ?? poll
  const version = inner === undefined ? v : inner?.v
  return Number.isInteger(version) ? (version as number) : 0
}
