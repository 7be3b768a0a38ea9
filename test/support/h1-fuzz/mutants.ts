/** Responses that are nearly right: made from a grammar, or taken from the rows of test/differential, and then damaged. */
import { ANSWERS } from '../../differential/answers.ts'
import { randomFrom } from '../property.ts'

const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.2',
  'RTSP/1.0',
]
const STATUSES = [
  '200 OK',
  '200 OK',
  '200',
  '201 ',
  '204 No',
  '206 Part',
  '304 Same',
  '404 J\xf6',
  '500 \t',
  '099 X',
  '599 O',
]
const INTERIMS = [
  '',
  '',
  '',
  '',
  '',
  'HTTP/1.1 100 Go\r\n\r\n',
  'HTTP/1.1 103 Hint\r\nLink: </a>\r\n\r\n',
  'HTTP/1.1 101 Up\r\n\r\n',
]
const FIELDS = [
  'Date: Mon, 30 Nov 2026 00:00:00 GMT',
  'Content-Type: text/plain',
  'X-A:b',
  'x-empty:',
  'X-Blank: \t',
  'X-Pad: \t a \t b \t',
  'X-Latin: caf\xe9',
  'Connection: close',
  'Connection: keep-alive, Upgrade',
  'Upgrade: x',
  'Keep-Alive: timeout=5',
  'Set-Cookie: a=b',
  "!#$%&'*+-.^_`|~: token",
]
const BODIES = ['', 'ok', 'hello, world', '0\r\n\r\n', '\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx']
const SPELLINGS = ['Content-Length: ', 'content-length:', 'CONTENT-LENGTH: \t']
const CODINGS = [
  'Transfer-Encoding: chunked',
  'transfer-encoding:Chunked',
  'Transfer-Encoding: chunked\t',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: ',
]
const EXTENSIONS = ['', '', '', '', ';a', ';a=b', ';a="b;c"', '; a = b', ' ', '\t', ';', ';;', ';a="\\""']
const TRAILERS = ['', '', '', 'X-Sum: 1\r\n', 'Content-Length: 5\r\n', 'X : bad\r\n']
/** What damage inserts: everything that has a meaning for a parser, and some of the rest. */
const SHARDS = [
  '\r\n',
  '\r',
  '\n',
  '\r\r\n',
  '\n\r',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '"',
  '\0',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '0',
  '9',
  'a',
  'Content-Length: 2\r\n',
  'Content-Length: 02\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x\r\n',
  'HTTP/1.1 200 OK\r\n',
  '0\r\n\r\n',
  '2\r\nok\r\n',
  'chunked',
  ', chunked',
  '+',
  '-',
  '_',
  '0x',
  '00000000000000000000',
  'FFFFFFFFFFFFFFFF',
  '1fffffffffffff',
  '\r\n ',
  '\r\n\t',
  'Connection: upgrade\r\nUpgrade: y\r\n',
  'Proxy-Connection: close\r\n',
]
const LONGEST_ROW = 4_096

export interface Mutant {
  readonly bytes: Buffer
  readonly cuts: readonly number[]
  readonly method: 'GET' | 'HEAD'
}

type Random = () => number

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
const below = (random: Random, end: number): number => Math.floor(random() * end)

function chunksOf(random: Random, body: string): string {
  let text = ''
  for (let at = 0; at < body.length;) {
    const size = 1 + below(random, body.length - at)
    text += `${size.toString(16)}${pick(random, EXTENSIONS)}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  return `${text}0${pick(random, EXTENSIONS)}\r\n${pick(random, TRAILERS)}\r\n`
}

function grown(random: Random): string {
  const lines = Array.from({ length: below(random, 5) }, () => pick(random, FIELDS))
  const body = pick(random, BODIES)
  const framing = random()
  let sent = body
  if (framing < 0.4) lines.push(`${pick(random, SPELLINGS)}${body.length}`)
  else if (framing < 0.8) {
    lines.push(pick(random, CODINGS))
    sent = chunksOf(random, body)
  }
  if (random() < 0.3) lines.reverse()
  const head = [`${pick(random, VERSIONS)} ${pick(random, STATUSES)}`, ...lines, '', ''].join('\r\n')
  return `${pick(random, INTERIMS)}${head}${sent}`
}

type Damage = (text: string, random: Random) => string

const cutOut = (text: string, at: number, end: number, into = ''): string => text.slice(0, at) + into + text.slice(end)

/** The start of a line, and the start of the next one. */
function lineAt(text: string, random: Random): [number, number] {
  const at = text.lastIndexOf('\n', below(random, text.length)) + 1
  const end = text.indexOf('\n', at)
  return [at, end === -1 ? text.length : end + 1]
}

const DAMAGES: readonly Damage[] = [
  // A bit.
  (text, random) => {
    const at = below(random, text.length)
    return cutOut(text, at, at + 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << below(random, 8))))
  },
  // A byte.
  (text, random) => {
    const at = below(random, text.length)
    return cutOut(text, at, at + 1, String.fromCharCode(below(random, 256)))
  },
  (text, random) => {
    const at = below(random, text.length + 1)
    return cutOut(text, at, at, pick(random, SHARDS))
  },
  (text, random) => {
    const at = below(random, text.length)
    return cutOut(text, at, at + 1, pick(random, SHARDS))
  },
  (text, random) => {
    const at = below(random, text.length)
    return cutOut(text, at, at + 1 + below(random, 4))
  },
  // A line twice, without its end, or gone.
  (text, random) => {
    const [at, end] = lineAt(text, random)
    return cutOut(text, at, at, text.slice(at, end))
  },
  (text, random) => cutOut(text, ...lineAt(text, random)),
  (text, random) => {
    const [, end] = lineAt(text, random)
    return cutOut(text, end, end, pick(random, SHARDS))
  },
  // Another length.
  (text, random) => {
    const at = text.slice(below(random, text.length)).search(/\d/)
    return at === -1 ? text : cutOut(text, at, at + 1, String(below(random, 10)))
  },
  // The end is missing.
  (text, random) => text.slice(0, below(random, text.length)),
  // Something follows.
  (text, random) => text + pick(random, SHARDS),
]

/** An endless sequence of mutants, always the same one for a seed. */
export class Mutants {
  readonly #random: Random
  readonly #rows: readonly string[]

  constructor(seed: number) {
    this.#random = randomFrom(seed)
    this.#rows = ANSWERS.filter(({ bytes }) => bytes.byteLength > 0 && bytes.byteLength <= LONGEST_ROW).map(
      ({ bytes }) => Buffer.from(bytes).toString('latin1'),
    )
  }

  next(): Mutant {
    const random = this.#random
    let text = random() < 0.2 ? pick(random, this.#rows) : grown(random)
    for (let left = below(random, 4); left > 0 && text !== ''; left--) text = pick(random, DAMAGES)(text, random)
    const bytes = Buffer.from(text, 'latin1')
    const cuts = Array.from({ length: below(random, 4) }, () => below(random, bytes.byteLength + 1)).toSorted(
      (a, b) => a - b,
    )
    return { bytes, cuts, method: random() < 0.1 ? 'HEAD' : 'GET' }
  }
}
