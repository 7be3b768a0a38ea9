/** Bodies that are sequences of items: the same items wherever the body is cut. */
import { createParser } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventReader } from '../../src/codec/event-reader.ts'
import type { ItemReader } from '../../src/codec/item-reader.ts'
import { LineReader } from '../../src/codec/line-reader.ts'
import type { Integrity, Reply } from '../../src/core/result.ts'
import { isFault } from '../../src/core/result.ts'
import { say } from '../../src/core/words.ts'

interface Given {
  readonly type?: string
  readonly integrity?: Integrity
  readonly maxItemBytes?: number
  readonly maxJsonDepth?: number
  readonly isJson?: boolean
}

const head = ({ type, integrity = 'length' }: Given): Reply => ({
  kind: 'reply',
  status: 200,
  statusText: '',
  headers: type === undefined ? [] : ['content-type', type],
  body: new Uint8Array(),
  url: 'http://a.test/',
  integrity,
  protocol: 'http/1.1',
})

type Seen = unknown[]
const SMALL = { maxItemBytes: 8 }

/** The items as they are handed out, and the code and the message of the failure that ends them. */
function read(reader: ItemReader, pieces: readonly Uint8Array[]): Seen {
  const seen: Seen = []
  for (const piece of [...pieces, undefined]) {
    if (piece === undefined) reader.finish()
    else reader.push(piece)
    for (let found = reader.next(); found !== undefined; found = reader.next()) {
      if (isFault(found)) return [...seen, found.code, say(found.message)]
      seen.push(found.event === undefined ? found.value : [found.event.event, found.value, found.event.id])
    }
  }
  return seen
}

const warnings: string[] = []
const limitsOf = ({ maxItemBytes = 2 ** 24, maxJsonDepth = 1_000 }: Given) => ({
  maxItemBytes,
  maxJsonDepth,
  warn: (warning: string) => void warnings.push(warning),
})
const lines = (given: Given = {}): ItemReader => new LineReader(head(given), limitsOf(given))
const events = (given: Given = {}): ItemReader =>
  new EventReader(head(given), createParser, { ...limitsOf(given), isJson: given.isJson ?? false })

const bytesOf = (body: string | Uint8Array): Buffer => Buffer.from(body as string)
const readLines = (body: string | Uint8Array, given?: Given): Seen => read(lines(given), [bytesOf(body)])
const readEvents = (body: string | Uint8Array, given?: Given): Seen => read(events(given), [bytesOf(body)])

const matching = (seen: Seen): Seen =>
  seen.map((each): unknown => (each instanceof RegExp ? expect.stringMatching(each) : each))

/** Cuts the bytes at each position, and into single bytes. */
function everyCut(bytes: Buffer): Uint8Array[][] {
  const twice = Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)])
  return [...twice, Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))]
}

type Row = [what: string, body: string | Uint8Array, seen: Seen, given?: Given]

const LINES: readonly Row[] = [
  ['LF', '{"a":1}\n[2]\n"x"\n', [{ a: 1 }, [2], 'x']],
  ['CRLF and blank lines', '{"a":1}\r\n\r\n \t\r\n[2]\r\n', [{ a: 1 }, [2]]],
  ['a bad line behind empty ones', '\n\r\n\n1\n\n\n{\n', [1, 'parse/json', /^line 7: /]],
  ['a byte-order mark and no last line feed', '\uFEFF{"a":"é😀"}\nnull', [{ a: 'é😀' }, null]],
  ['a text sequence', '\u001e{"a":\n1}\n\u001e\u001e12\n\u001e"x"', [{ a: 1 }, 12, 'x']],
  ['a number cut in a sequence', '\u001e1\n\u001e12', [1, 'truncated/item', /^text 2 is a number without a line feed/]],
  [
    'a bad line',
    '1\n2\n{x}\n4\n',
    [1, 2, 'parse/json', 'line 3: expected JSON, got something else at position 1: "{x}"'],
  ],
  ['a cut last line', '1\n{"a"', [1, 'parse/json', /^line 2: .*at the end of the body, which may be cut short/]],
  ['a line that is too long', '1\n"0123456789"\n3\n', [1, 'too_large/item', /^line 2 is larger than 8 bytes/], SMALL],
  [
    'lines as long as they may be',
    '\uFEFF"012345"\r\n"012345"\r\n"0123456"\r\n',
    ['012345', '012345', 'too_large/item', /^line 3/],
    SMALL,
  ],
  [
    'nested too deeply',
    '[[1]]\n[[[1]]]\n',
    [[[1]], 'parse/too_deep', /^line 2: .*at most 2 levels/],
    { maxJsonDepth: 2 },
  ],
  ['Latin-1', Buffer.from('"\xe9"\n', 'latin1'), ['é'], { type: 'application/x-ndjson; charset=iso-8859-1' }],
  ['bytes that are not UTF-8', Buffer.from('"\xe9"\n1', 'latin1'), ['\uFFFD', 1]],
  ['UTF-16', Buffer.from('\uFEFF1\n', 'utf16le'), ['parse/json', 'line 1: expected UTF-8, got utf-16le']],
  [
    'a number at the end of the connection',
    '1\n2',
    [1, 'truncated/item', /^line 2 is a number without/],
    { integrity: 'unverified' },
  ],
]

const CUT: Seen = ['truncated/event', 'the body ended within an event: no blank line ends it']
const A = ['message', 'a', '']
const B = ['message', 'b', '']

const EVENTS: readonly Row[] = [
  ['LF', 'data: a\n\ndata: b\n\n', [A, B]],
  ['CR, CRLF and a byte-order mark', '\uFEFFdata: a\r\rdata: b\r\ndata: é😀\r\n\r\n', [A, ['message', 'b\né😀', '']]],
  [
    'ids, types, comments and retries',
    'id: 7\nevent: x\ndata: a\n\n: c\nretry: 5\n\ndata: b\n\nid\ndata\n\nevent: y\n\n',
    [
      ['x', 'a', '7'],
      ['message', 'b', '7'],
      ['message', '', ''],
    ],
  ],
  [
    'JSON',
    'data: {"a":\ndata: 1}\n\ndata:\n\ndata: null\n\ndata: [DONE]\n\n',
    [
      ['message', { a: 1 }, ''],
      ['message', null, ''],
    ],
    { isJson: true },
  ],
  [
    'bad JSON',
    'data: {\n\n',
    ['parse/json', 'event 1: expected JSON, got something else at position 1: "{"'],
    { isJson: true },
  ],
  ['an event without a blank line', 'data: a\n\ndata: b\n', [A, ...CUT]],
  ['a cut line', 'data: a\n\ndat', [A, ...CUT]],
  ['a cut type', 'data: a\n\nevent: x\n', [A, ...CUT]],
  ['a cut id', 'data: a\n\nid: x\n', [A, ...CUT]],
  ['a cut comment', 'data: a\n\n: bye', [A]],
  ['nothing', '', []],
  ['only a comment', ':\n', []],
  ['a type without data', 'event: ping\n\n', [], { type: 'text/event-stream' }],
  ['a page', '<html>\n<p>x', ['parse/events', /got something else \(status 200, content type "none"\): "<html>/]],
  ['JSON instead of events', '{"error":"no such model"}\n', ['parse/events', /no such model/]],
  [
    'a long event',
    'data: a\n\ndata: 012345678\n\ndata: b\n\n',
    [A, 'too_large/item', /^event 2 is/],
    { maxItemBytes: 15 },
  ],
  [
    'a very long event',
    `data: a\n\ndata: ${'x'.repeat(5_000)}\n\n`,
    [A, 'too_large/item', /^event 2 is/],
    { maxItemBytes: 15 },
  ],
  ['a long comment', `data: a\n\n: ${'x'.repeat(50)}\n\n`, [A, 'too_large/item', /^event 2 is/], { maxItemBytes: 15 }],
  ['bytes that are not UTF-8', Buffer.from('data: \xe9\n\n', 'latin1'), [['message', '\uFFFD', '']]],
]

describe('the items of a body', () => {
  it.each(LINES)('are the same wherever lines are cut: %s', (_what, body, seen, given) => {
    const whole = readLines(body, given)
    expect(whole).toEqual(matching(seen))
    for (const pieces of everyCut(bytesOf(body))) expect(read(lines(given), pieces)).toEqual(whole)
  })

  it.each(EVENTS)('are the same wherever events are cut: %s', (_what, body, seen, given) => {
    const whole = readEvents(body, given)
    expect(whole).toEqual(matching(seen))
    for (const pieces of everyCut(bytesOf(body))) expect(read(events(given), pieces)).toEqual(whole)
  })

  it('are none of an event with more than a million lines', () => {
    const event = Buffer.from('data\n'.repeat(1_010_000))
    expect(readEvents(event)).toEqual(['too_large/item', 'event 1 has more than 1000000 lines'])
    const comments = Buffer.from(': ping\n\n'.repeat(600_000))
    expect(readEvents(comments)).toEqual([])
  })

  it('are the values that were written, in any cut', () => {
    const value = fc.jsonValue()
    const cuts = fc.array(fc.nat(400), { maxLength: 6 })
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), fc.constantFrom('\n', '\r\n', '\n\n'), cuts, (values, end, at) => {
        const bytes = Buffer.from(values.map(each => JSON.stringify(each) + end).join(''))
        const marks = [0, ...at.map(each => Math.min(each, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const pieces = marks.slice(1).map((to, index) => bytes.subarray(marks[index], to))
        expect(read(lines(), pieces)).toEqual(values.map(each => JSON.parse(JSON.stringify(each)) as unknown))
      }),
    )
  })
})
