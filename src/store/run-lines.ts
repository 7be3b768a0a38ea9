/**
 * One line of a run file: how it is written, and what a reader may think of it.
 *
 * A line ends with a checksum of the bytes before it, because a flipped bit inside a number or a text is still good
 * JSON. A file of another program, or made by hand, may have lines without one. UTF-8, `\n`; `\r\n` is read, too.
 */
import { isUtf8 } from 'node:buffer'
// By its default export: see core/supported-node.ts.
import zlib from 'node:zlib'
import { problemOf } from './line-shape.ts'
import { parseAnswer } from '../core/exact-json.ts'
import type { DoneLine, IntentLine, SaltLine } from '../core/journal.ts'

/** How the last bytes of a line with a checksum look; `?` is a hexadecimal digit. */
const SUM = Buffer.from(',"crc":"????????"}')
const DIGIT = '?'.charCodeAt(0)
const FIRST_DIGIT = SUM.indexOf(DIGIT)
const FIXED = SUM.filter(byte => byte !== DIGIT).length
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const TAB = 0x09

const VERSION = 2

/** What a line is. */
export type Reading =
  | { readonly kind: 'blank' }
  | { readonly kind: 'done'; readonly line: DoneLine; readonly summed: boolean }
  | { readonly kind: 'intent'; readonly line: IntentLine; readonly summed: boolean }
  | { readonly kind: 'salt'; readonly line: SaltLine; readonly summed: boolean }
  /** Of the run itself, and of no request: nothing depends on it. */
  | { readonly kind: 'note'; readonly summed: boolean }
  /** Not what was once written: by a disk, or by hand. */
  | { readonly kind: 'damaged'; readonly problem: string }
  /** Whole JSON, but no line that this program can use. */
  | { readonly kind: 'refused'; readonly problem: string; readonly summed: boolean }
  | { readonly kind: 'newer'; readonly version: number }

/** The line with its checksum and line end. Throws what JSON.stringify throws. */
export function writeLine(line: DoneLine | IntentLine | SaltLine): string {
  const open = JSON.stringify(line).slice(0, -1)
  return `${open},"crc":"${hex(zlib.crc32(open))}"}\n`
}

/** Of a line's bytes, without its `\n`. */
export function readLine(bytes: Buffer): Reading {
  const line = bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes
  if (isBlank(line)) return { kind: 'blank' }
  if (!isUtf8(line)) return { kind: 'damaged', problem: 'it is not UTF-8' }
  const value = parse(line)
  if (value === undefined) return { kind: 'damaged', problem: 'it is not JSON' }
  const sum = checkSum(line, value)
  const version = versionOf(value)
  // One flipped bit makes a 3 of a 2.
  if (version > VERSION && sum !== 'differs') return { kind: 'newer', version }
  if (sum !== 'differs' && isNote(value)) return { kind: 'note', summed: sum === 'fits' }
  const problem = problemOf(value)
  if (sum === 'differs') return { kind: 'damaged', problem: problem ?? 'it is not as it was written: its crc differs' }
  const summed = sum === 'fits'
  if (problem !== undefined) return { kind: 'refused', problem, summed }
  if (summed) delete (value as { crc?: unknown }).crc
  if ('intent' in (value as object)) return { kind: 'intent', line: value as IntentLine, summed }
  if ('salt' in (value as object)) return { kind: 'salt', line: value as SaltLine, summed }
  return { kind: 'done', line: value as DoneLine, summed }
}

/** Whether somebody's bytes can be the beginning of a line of ours, or the zeros that a power loss leaves of it. */
export function mayBeginLine(bytes: Buffer, ended: boolean): boolean {
  const zeros = bytes.every(byte => byte === 0)
  return zeros || BEGINNINGS.some(ours => begins(bytes, ours) || (!ended && begins(ours, bytes)))
}

const BEGINNINGS = ['{"v":1,', '{"intent":{"v":1,', '{"v":2,', '{"intent":{"v":2,'].map(text => Buffer.from(text))

/** When a run began or ended, when a host was paused. */
function isNote(value: unknown): boolean {
  const { run, pause } = Object(value) as { run?: unknown; pause?: unknown }
  return run !== undefined || pause !== undefined
}

function begins(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}

const WORD = Buffer.alloc(4)

/** By way of bytes: `toString(16)` of what is no small integer is slow, and there is one for every line. */
function hex(sum: number): string {
  WORD.writeUInt32BE(sum)
  return WORD.toString('hex')
}

function isBlank(line: Buffer): boolean {
  return line.every(byte => byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN)
}

/** Undefined when it is not JSON. */
function parse(line: Buffer): unknown {
  try {
    return parseAnswer(line.toString())
  } catch {
    return undefined
  }
}

function checkSum(line: Buffer, value: unknown): 'fits' | 'differs' | 'none' {
  const start = line.length - SUM.length
  const none = Object.hasOwn(Object(value) as object, 'crc') ? 'differs' : 'none'
  if (start < 0) return none
  let alike = 0
  for (let i = 0; i < SUM.length; i++) if (SUM[i] !== DIGIT && SUM[i] === line[start + i]) alike++
  // What looks like a checksum by halves was one: else damage to its name would take the line out of its protection.
  if (alike < FIXED / 2) return none
  if (alike < FIXED) return 'differs'
  const written = line.toString('latin1', start + FIRST_DIGIT, start + FIRST_DIGIT + 8)
  return written === hex(zlib.crc32(line.subarray(0, start))) ? 'fits' : 'differs'
}

function versionOf(value: unknown): number {
  const { v, intent } = Object(value) as { v?: unknown; intent?: { v?: unknown } | null }
  const version = intent === undefined ? v : intent?.v
  return Number.isInteger(version) ? (version as number) : 0
}
