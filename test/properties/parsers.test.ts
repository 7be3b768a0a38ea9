/**
 * The parsers of text from servers and files are total and linear: no text makes them throw, and no megabyte takes
 * long. The nasty texts are a start, a repeated unit and an end, which is what slow regular expressions stumble over.
 */
import { describe, expect, it } from 'vitest'
import { RecordReader } from '../../src/cli/input/record-reader.ts'
import { jsonErrorPosition } from '../../src/codec/json-position.ts'
import { decodeText } from '../../src/codec/text.ts'
import { parseProxy } from '../../src/config/proxy-url.ts'
import { bypassesOf } from '../../src/config/proxy-env.ts'
import { parseAddress } from '../../src/transport/address.ts'
import { parseDuration } from '../../src/core/duration.ts'
import { headerProblem, isSecretName } from '../../src/core/headers.ts'
import { parseRate } from '../../src/core/rate.ts'
import type { Reply } from '../../src/core/result.ts'
import { parseSize } from '../../src/config/size.ts'
import { parseUrl, printableUrl } from '../../src/core/url.ts'
import { readQuotas } from '../../src/policy/quota-headers.ts'
import { parseHttpDate, retryAfterMs } from '../../src/policy/retry-after.ts'
import { safeName } from '../../src/config/file-name.ts'
import { parseNetscape } from '../../src/store/netscape.ts'
import { mayBeginLine, readLine } from '../../src/store/run-lines.ts'
import { CookieJar } from 'tough-cookie'
import { codingsOf } from '../../src/transport/codings.ts'
import { anyText, fc } from '../support/property.ts'
import { ChunkReader } from '../../src/transport/h1/chunked.ts'
import { HeadReader } from '../../src/transport/h1/head-reader.ts'
import { strictest } from '../support/strictest.ts'
import { SEEDED, limitMs, runs } from './runs.ts'
import { figure } from '../support/figure.ts'

const NOW = Date.UTC(2026, 0, 31)

const replyWith = (name: string, value: string): Reply => ({
  kind: 'reply',
  status: 200,
  statusText: '',
  headers: [name, value],
  body: Buffer.from('body'),
  url: 'http://x.test/',
  integrity: 'length',
  protocol: 'http/1.1',
})

const quotas = ['ratelimit', 'ratelimit-policy', 'ratelimit-reset', 'x-ratelimit-reset', 'x-ratelimit-remaining']

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  'Retry-After': text => retryAfterMs(text, undefined, NOW),
  'Date beside Retry-After': text => retryAfterMs('Sun, 06 Nov 1994 08:49:37 GMT', text, NOW),
  'a date of HTTP': text => parseHttpDate(text, NOW),
  'headers of quotas': text => quotas.map(name => strictest(readQuotas([name, text], NOW))),
  'Content-Type': text => decodeText(replyWith('content-type', text)),
  'Content-Encoding': text => codingsOf(['content-encoding', text]),
  'the name of a header': text => [headerProblem(text, 'a'), isSecretName(text)],
  'the value of a header': text => headerProblem('x-a', text),
  'Set-Cookie': text => {
    const jar = new CookieJar()
    // The store does not pass longer ones to the jar either.
    return text.length <= 4_096 && jar.setCookieSync(text, 'http://x.test/a/b', { ignoreError: true })
  },
  'a URL in a line of a file': text => parseUrl(text, undefined, []),
  'a URL with params': text => parseUrl(text, 'http://x.test/', [{ a: text.slice(0, 100) }]),
  'a URL to print': text => printableUrl(text),
  'a line of a run file': text => [readLine(Buffer.from(text)), mayBeginLine(Buffer.from(text), false)],
  'a JSON text with an error': text => jsonErrorPosition(text),
  'a cookies.txt': text => parseNetscape(text),
  'a line of a file of proxies': text => parseProxy(text),
  // Environment variables are not longer than this on Linux, and shorter on Windows.
  NO_PROXY: text => bypassesOf(text.slice(0, 131_071)),
  'an address': text => parseAddress(text),
  'a duration, a size, a rate': text => [parseDuration(text), parseSize(text), parseRate(text)],
  'a name for a file': text => safeName(text),
  'the beginning of a response': text => readHead(text),
  'a header of a response': text => readHead(`HTTP/1.1 200 OK\r\nTransfer-Encoding:${text}\r\n\r\n`),
  'a chunked body': text => readChunks(text),
  'the trailers of a chunked body': text => readChunks(`0\r\n${text}`),
  'rows of CSV': whole => {
    // A million cells take long even in linear time.
    const text = whole.slice(0, SOME + 10)
    const reader = new RecordReader({ delimiter: ',', isFixed: false, hasQuotes: true, maxLine: Infinity })
    return [reader.read(text), reader.read(text), reader.end()]
  },
}

const HEAD_LIMITS = { maxBytes: 65_536, maxFields: 2_000 }

function readHead(text: string): unknown {
  const bytes = Buffer.from(text)
  return new HeadReader(HEAD_LIMITS).read(bytes, 0, bytes.byteLength)
}

function readChunks(text: string): unknown {
  const bytes = Buffer.from(text)
  const reader = new ChunkReader({ maxExtensionBytes: 65_536, trailers: HEAD_LIMITS })
  return reader.read(bytes, 0, bytes.byteLength, () => undefined)
}

const SOME = 30_000
const MEGABYTE = 1_000_000

const STARTS = ['', 'http:', '//', '{"v":1,"a":"', 'text/html; charset=', 'a=b; ', '"', 'x']
const UNITS = [
  ...Array.from(' \t\r\n@:/?#&=;,."\\%[]{}()-_aA0<\0\u00a0é😀'),
  'a=',
  '&a=',
  'a:',
  '; a',
  '%2',
  '..',
  'a@',
  ', ',
  ' GMT',
  '\\"',
  '[{',
]
const ENDS = ['', '@', ':', '"', '=', '/x@', '\n']

const ALLOWED_MS = 50

/**
 * The CPU time of the thread, so that a busy machine does not count. The best of several runs, because one may have
 * collected earlier garbage. An algorithm that is not linear is slow every time.
 */
function tookMs(parse: (text: string) => unknown, text: string): number {
  let best = Infinity
  for (let n = 0; n < 5 && best > ALLOWED_MS; n++) {
    const before = process.threadCpuUsage()
    parse(text)
    const { user, system } = process.threadCpuUsage(before)
    best = Math.min(best, (user + system) / 1_000)
  }
  return best
}

const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length))

describe.each(Object.entries(PARSERS))('the parser of %s', (_name, parse) => {
  it(`never throws (${SEEDED})`, () => {
    const some = fc.constantFrom(...STARTS, ...UNITS, ...ENDS)
    const pieces = fc.array(fc.oneof(some, anyText(8)), { maxLength: 30 })
    fc.assert(
      fc.property(pieces, parts => void parse(parts.join(''))),
      { numRuns: runs(1_000) },
    )
  })

  figure(
    'takes linear time',
    () => {
      const slow: string[] = []
      const judge = (text: string, what: string): void => {
        const ms = tookMs(parse, text)
        if (ms > ALLOWED_MS) slow.push(`${what}: ${ms.toFixed(0)} ms`)
      }
      // 30,000 characters are enough to show quadratic time: seconds.
      for (const start of STARTS) {
        for (const end of ENDS) {
          for (const unit of UNITS) judge(start + repeated(unit, SOME) + end, JSON.stringify([start, unit, end]))
        }
      }
      for (const unit of UNITS) judge(repeated(unit, MEGABYTE), `a megabyte of ${JSON.stringify(unit)}`)
      expect(slow).toEqual([])
    },
    limitMs(),
  )
})
