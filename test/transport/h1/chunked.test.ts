/** A chunked body: what is read, what is refused, and that splitting it changes neither. */
import { describe, expect, it } from 'vitest'
import { ChunkReader } from '../../../src/transport/h1/chunked.ts'

const LIMITS = { maxExtensionBytes: 100, trailers: { maxBytes: 200, maxFields: 10 } }

interface Read {
  readonly body: string
  readonly trailers: readonly string[]
  readonly rest: string
}

function readChunks(text: string, cuts: readonly number[] = []): Read | string {
  const reader = new ChunkReader(LIMITS)
  const bytes = Buffer.from(text, 'latin1')
  let body = ''
  let from = 0
  for (const end of [...cuts, bytes.byteLength]) {
    const piece = Buffer.from(bytes.subarray(from, end))
    const stop = reader.read(
      piece,
      0,
      piece.byteLength,
      (start, until) => (body += piece.toString('latin1', start, until)),
    )
    if (typeof stop !== 'number') return stop.code
    if (reader.isDone) return { body, trailers: reader.trailers(), rest: bytes.toString('latin1', from + stop) }
    from = end
  }
  return 'more'
}

const everyCut = (text: string): number[][] => Array.from({ length: text.length - 1 }, (_, at) => [at + 1])
const everyByte = (text: string): number[] => Array.from({ length: text.length - 1 }, (_, at) => at + 1)

describe('a chunked body is read', () => {
  it.each([
    ['of one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello', []],
    ['of several', '5\r\nhello\r\nA\r\n, world!!!\r\n0\r\n\r\n', 'hello, world!!!', []],
    ['that is empty', '0\r\n\r\n', '', []],
    ['with leading zeros', '005\r\nhello\r\n000\r\n\r\n', 'hello', []],
    ['with extensions', '5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', 'hello', []],
    ['with padded sizes', '5  \r\nhello\r\n0 \t;x\r\n\r\n', 'hello', []],
    ['with trailers', '2\r\nhi\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n', 'hi', ['x-sum', '1', 'y', '2']],
    ['with line ends as data', '4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n', []],
  ])('%s, wherever it is split', (_what, text, body, trailers) => {
    for (const cuts of [[], ...everyCut(text), everyByte(text)]) {
      expect(readChunks(`${text}NEXT`, cuts)).toEqual({ body, trailers, rest: 'NEXT' })
    }
  })
})

describe('a chunked body is refused', () => {
  it.each([
    ['with a size that is no number', 'ZZ\r\n', 'protocol/chunk'],
    ['with a negative size', '-5\r\n', 'protocol/chunk'],
    ['with a prefix of hexadecimal numbers', '0x5\r\n', 'protocol/chunk'],
    ['with a size of 2 to the 72', '1000000000000000000\r\n', 'protocol/chunk'],
    ['without a size', '\r\nhello', 'protocol/chunk'],
    ['with a bare line feed after a size', '5\nhello\r\n0\r\n\r\n', 'protocol/chunk'],
    ['with a bare carriage return after a size', '5\rhello', 'protocol/chunk'],
    ['with more data than announced', '2\r\nhello\r\n0\r\n\r\n', 'protocol/chunk'],
    ['with a bare line feed after a chunk', '2\r\nhi\n0\r\n\r\n', 'protocol/chunk'],
    ['with a letter after a padded size', '5 x\r\nhello\r\n', 'protocol/chunk'],
    ['with a control character in an extension', '5;a\0\r\nhello\r\n', 'protocol/chunk'],
    ['with a line feed in an extension', '5;a\nb\r\nhello\r\n', 'protocol/chunk'],
    ['with a malformed trailer', '0\r\nA : b\r\n\r\n', 'protocol/chunk'],
  ])('%s, wherever it is split', (_what, text, code) => {
    for (const cuts of [[], ...everyCut(text), everyByte(text)]) expect(readChunks(text, cuts)).toBe(code)
  })

  it('once its extensions or its trailers exceed their limits', () => {
    const extended = `${`1;${'x'.repeat(60)}\r\na\r\n`.repeat(2)}0\r\n\r\n`
    expect(readChunks(extended)).toBe('too_large/wire')
    expect(readChunks(`0\r\nA: ${'x'.repeat(300)}\r\n\r\n`)).toBe('too_large/headers')
  })
})
