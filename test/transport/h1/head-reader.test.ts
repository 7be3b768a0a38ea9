/**
 * The head of an HTTP/1.1 response, byte by byte: what is read, what is refused, and that splitting it changes neither.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { HeadReader } from '../../../src/transport/h1/head-reader.ts'
import { figure } from '../../support/figure.ts'
import type { ResponseHead } from '../../../src/transport/h1/head-reader.ts'

const LIMITS = { maxBytes: 65_536, maxFields: 2_000 }

interface Read {
  readonly head: ResponseHead
  /** What followed the head. */
  readonly rest: string
}

/** Feeds the text in pieces that end at the cuts. Returns the code of the problem, if there is one. */
function readHead(text: string, cuts: readonly number[] = [], limits = LIMITS): Read | string {
  const reader = new HeadReader(limits)
  const bytes = Buffer.from(text, 'latin1')
  let from = 0
  for (const end of [...cuts, bytes.byteLength]) {
    // A copy of the piece, because a connection would reuse its buffer.
    const piece = Buffer.from(bytes.subarray(from, end))
    const stop = reader.read(piece, 0, piece.byteLength)
    piece.fill(0)
    if (typeof stop !== 'number') return stop.code
    if (stop !== -1) return { head: reader.take(), rest: bytes.toString('latin1', from + stop) }
    from = end
  }
  return 'more'
}

const everyCut = (text: string): number[][] => Array.from({ length: text.length - 1 }, (_, at) => [at + 1])
const everyByte = (text: string): number[] => Array.from({ length: text.length - 1 }, (_, at) => at + 1)

const GOOD: readonly (readonly [what: string, text: string, status: number, reason: string, headers: string[]])[] = [
  ['no fields', 'HTTP/1.1 200 OK\r\n\r\n', 200, 'OK', []],
  ['an empty reason', 'HTTP/1.1 204 \r\n\r\n', 204, '', []],
  ['no reason and no space before it', 'HTTP/1.0 404\r\n\r\n', 404, '', []],
  ['a reason in latin-1', 'HTTP/1.1 200 J\xf6\r\n\r\n', 200, 'J\xf6', []],
  [
    'fields in their order, names in lower case',
    'HTTP/1.1 200 OK\r\nX-A: 1\r\nset-cookie: a=b\r\nSet-Cookie:c=d\r\n\r\n',
    200,
    'OK',
    ['x-a', '1', 'set-cookie', 'a=b', 'set-cookie', 'c=d'],
  ],
  [
    'blanks around a value',
    'HTTP/1.1 200 OK\r\nA: \t b \t c\t \r\nContent-Length: 5\t\r\n\r\n',
    200,
    'OK',
    ['a', 'b \t c', 'content-length', '5'],
  ],
  ['empty values', 'HTTP/1.1 200 OK\r\nA:\r\nB: \r\n\r\n', 200, 'OK', ['a', '', 'b', '']],
  ['the version of HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n', 200, 'OK', []],
  ['a status that no registry has', 'HTTP/1.1 999 What\r\n\r\n', 999, 'What', []],
]

describe('a head is read', () => {
  it.each(GOOD)('with %s, wherever it is split', (_what, text, status, reason, headers) => {
    const behind = `${text}BODY`
    for (const cuts of [[], ...everyCut(text), everyByte(text)]) {
      const read = readHead(behind, cuts)
      expect(read).toEqual({ head: { version: Number(`${text[5]}${text[7]}`), status, reason, headers }, rest: 'BODY' })
    }
  })
})

const BAD: readonly (readonly [what: string, text: string, code: string])[] = [
  ['a bare line feed after the status line', 'HTTP/1.1 200 OK\nA: b\r\n\r\n', 'protocol/malformed_head'],
  ['a bare line feed after a field', 'HTTP/1.1 200 OK\r\nA: b\n\r\n', 'protocol/malformed_head'],
  ['a bare carriage return in a value', 'HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n', 'protocol/malformed_head'],
  ['a bare carriage return in the status line', 'HTTP/1.1 200 O\rK\r\n\r\n', 'protocol/malformed_head'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', 'protocol/malformed_head'],
  ['a blank before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n', 'protocol/malformed_head'],
  ['a field without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n', 'protocol/malformed_head'],
  ['a field without a colon', 'HTTP/1.1 200 OK\r\nAb\r\n\r\n', 'protocol/malformed_head'],
  ['a NUL in a value', 'HTTP/1.1 200 OK\r\nA: \0\r\n\r\n', 'protocol/malformed_head'],
  ['a byte above ASCII in a name', 'HTTP/1.1 200 OK\r\n\xe4: b\r\n\r\n', 'protocol/malformed_head'],
  ['a carriage return that ends the head alone', 'HTTP/1.1 200 OK\r\n\rX', 'protocol/malformed_head'],
  ['status 099', 'HTTP/1.1 099 X\r\n\r\n', 'protocol/status'],
  ['status 1000', 'HTTP/1.1 1000 X\r\n\r\n', 'protocol/status'],
  ['a status that is no number', 'HTTP/1.1 2x0 X\r\n\r\n', 'protocol/status'],
  ['HTTP/3.7', 'HTTP/3.7 200 OK\r\n\r\n', 'protocol/version'],
  ['a colon for the minor version', 'HTTP/1.: 200 OK\r\n\r\n', 'protocol/version'],
  ['an apostrophe for the minor version', "HTTP/2.' 200 OK\r\n\r\n", 'protocol/version'],
  ['a semicolon for the minor version', 'HTTP/0.; 200 OK\r\n\r\n', 'protocol/version'],
  ['HTTP/0.9 with a status line', 'HTTP/0.9 200 OK\r\n\r\n', 'protocol/version'],
  ['a document without a head', '<html>', 'protocol/version'],
  ['the banner of SSH', 'SSH-2.0-x\r\n', 'protocol/not_http'],
  ['http in lower case', 'http/1.1 200 OK\r\n\r\n', 'protocol/not_http'],
  ['an empty line first', '\r\nHTTP/1.1 200 OK\r\n\r\n', 'protocol/not_http'],
]

describe('a head is refused', () => {
  it.each(BAD)('with %s, wherever it is split', (_what, text, code) => {
    for (const cuts of [[], ...everyCut(text), everyByte(text)]) expect(readHead(text, cuts)).toBe(code)
  })

  it('once it exceeds its limit, before its end has arrived', () => {
    const limits = { maxBytes: 100, maxFields: 10 }
    const head = (bytes: number): string => `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(bytes - 7)}\r\n\r\n`
    expect(readHead(head(100), [], limits)).toMatchObject({ rest: '' })
    for (const cuts of [[], everyByte(head(101))]) expect(readHead(head(101), cuts, limits)).toBe('too_large/headers')
    expect(readHead(`HTTP/1.1 200 OK\r\nA: ${'x'.repeat(1_000)}`, [], limits)).toBe('too_large/headers')
    expect(readHead(`HTTP/1.1 200 ${'x'.repeat(10_000)}`, [], limits)).toBe('too_large/headers')
  })

  it('once its status line is longer than 8,192 bytes, wherever it is split', () => {
    const head = (bytes: number): string => `HTTP/1.1 200 ${'x'.repeat(bytes - 13)}\r\nA: b\r\n\r\n`
    for (let cut = 1; cut < head(8_192).length; cut += cut < 8_190 ? 97 : 1) {
      for (const cuts of [[cut], [1, Math.max(2, cut)]]) {
        expect(readHead(head(8_192), cuts)).toMatchObject({ head: { headers: ['a', 'b'] }, rest: '' })
        expect(readHead(head(8_193), cuts)).toBe('too_large/headers')
      }
    }
    expect(readHead(head(8_192), [1])).toMatchObject({ rest: '' })
  })

  it('once it has more fields than its limit', () => {
    const head = `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(11)}\r\n`
    expect(readHead(head, [], { maxBytes: 1_000, maxFields: 11 })).toMatchObject({ rest: '' })
    expect(readHead(head, [], { maxBytes: 1_000, maxFields: 10 })).toBe('too_large/headers')
  })
})

describe('a reader', () => {
  it('reads one head after another', () => {
    const bytes = Buffer.from('HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nB: c\r\n\r\n')
    const reader = new HeadReader(LIMITS)
    const first = reader.read(bytes, 0, bytes.byteLength) as number
    expect(reader.take()).toMatchObject({ status: 103, headers: ['link', '</a>'] })
    expect(reader.isBegun).toBe(false)
    expect(reader.read(bytes, first, bytes.byteLength)).toBe(bytes.byteLength)
    expect(reader.take()).toMatchObject({ status: 200, headers: ['b', 'c'] })
  })

  it('knows whether a head has begun', () => {
    const reader = new HeadReader(LIMITS)
    expect(reader.isBegun).toBe(false)
    reader.read(Buffer.from('H'), 0, 1)
    expect(reader.isBegun).toBe(true)
  })
})

figure('the names that are remembered do not keep the heads in memory that they came from', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 600; i++) {
    const name = `x-remembered-for-long-${i}`
    expect(readHead(`HTTP/1.1 200 OK\r\n${name}: ${'v'.repeat(60_000)}\r\n\r\n`)).toMatchObject({ rest: '' })
  }
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10 * 2 ** 20)
})
