/** Content codings: their names, the first bytes of each, and what zlib's errors mean. */
import type { Fault } from '../core/result.ts'
import { getAllHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { tooManyBytes } from '../core/result.ts'
import type { Words } from '../core/words.ts'

export type ZlibError = Error & { readonly code?: string }
export type CodingProblem = readonly [code: Fault['code'], message: Words]

/** More than two codings are an attack. */
export const MAX_CODINGS = 2

const KNOWN_CODINGS = ['gzip', 'x-gzip', 'deflate', 'br', 'zstd'] as const
export type Coding = (typeof KNOWN_CODINGS)[number]

export const isKnown = (coding: string): coding is Coding => (KNOWN_CODINGS as readonly string[]).includes(coding)

/** The codings of a body with these headers, in the order in which they were applied. */
export function codingsOf(headers: HeaderList): string[] {
  const header = getAllHeaders(headers, 'content-encoding')
  if (header.length === 0) return []
  return header
    .join(',')
    .split(',')
    .filter(coding => coding !== '')
    .map(coding => coding.trim().toLowerCase())
    .filter(coding => coding !== '' && coding !== 'identity')
}

/** RFC 1950 §2.2: method 8, and a check value that makes the pair a multiple of 31. */
export function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}

export function hasGzipHeader(packed: Uint8Array, at: number): boolean {
  return packed[at] === 0x1f && packed[at + 1] === 0x8b && packed[at + 2] === 8
}

/** A zstd frame, or a skippable frame. */
export function hasZstdMagic(packed: Uint8Array, at: number): boolean {
  const [a = 0, b, c, d] = packed.subarray(at, at + 4)
  return (
    (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || (a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18)
  )
}

export const tooLarge = (maxBytes: number): Words => tooManyBytes('the decoded body', maxBytes)

export const unsupported = (coding: string): CodingProblem => [
  'decode/unsupported',
  [
    `the content coding ${JSON.stringify(coding.slice(0, 80))} is unknown. `,
    { option: 'contentCoding', value: 'raw' },
    ' takes the body as it came',
  ],
]

export const tooManyCodings = (count: number): CodingProblem => [
  'decode/chain',
  `expected at most ${MAX_CODINGS} content codings, got ${count}`,
]

export function explain(error: ZlibError, given: string, maxBytes: number): CodingProblem {
  const code = error.code ?? ''
  const coding = given === 'x-gzip' ? 'gzip' : given
  if (code === 'ERR_BUFFER_TOO_LARGE') return ['too_large/decoded', tooLarge(maxBytes)]
  if (code === 'Z_BUF_ERROR' || /unexpected end|srcSize_wrong/i.test(error.message))
    return ['decode/truncated', `the ${coding} body ends too early`]
  if (/incorrect header check|unknown.*frame|prefix/i.test(error.message))
    return [`decode/not_${coding}`, `the body is not ${coding}, although its head says so`]
  return ['decode/corrupt', `the ${coding} body is corrupt: ${error.message}`]
}
