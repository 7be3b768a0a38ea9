/**
 * No foreign text reaches a message, a warning or the terminal with characters that a terminal acts on: text of a
 * server, an input, an option or a thrown error is escaped where it enters.
 */
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { tableOf } from '../../src/cli/input/rows.ts'
import { objectOf } from '../../src/cli/input/json-rows.ts'
import { record } from '../../src/cli/records.ts'
import { Tally } from '../../src/cli/tally.ts'
import { systemClock } from '../../src/client/system-clock.ts'
import { Tally as Statistics } from '../../src/core/tally.ts'
import { UsageError } from '../../src/cli/usage-error.ts'
import { RowError, SinkError } from '../../src/core/sink.ts'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { csv, folder, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { fc } from '../support/property.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

// oxlint-disable-next-line no-control-regex -- the pattern is for control characters
const OBEYED = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

const OBEYED_PIECES =
  '\u001b[31m|\u001b]0;title\u0007|\u007f|\u009b2J|\u202e|\u2066|\u2069|\u200e|\u200f|\u061c|\u2028|\u2029|\u0085|\b|\t|\r|\n|\0'
const PIECES = [...OBEYED_PIECES.split('|'), ...Array.from('a"\'\\é{: ')]
const foreign = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map(pieces => pieces.join(''))

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
const field = (text: string): string => utf8(text.replaceAll(/[\r\n\0]/g, ''))
const whole = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`

/** The places where a server may put a text. */
const ANSWERS: Readonly<Record<string, (text: string) => string>> = {
  'the reason phrase': text => `HTTP/1.1 404 ${field(text)}\r\nContent-Length: 0\r\n\r\n`,
  'the status line': text => `HTTP/1.1 ${field(text)}\r\nContent-Length: 0\r\n\r\n`,
  'the content coding': text => whole('x', `Content-Encoding: ${field(text)}\r\n`),
  'the charset': text => whole('x', `Content-Type: text/plain; charset="${field(text)}"\r\n`),
  'the transfer coding': text => `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${field(text)}\r\n\r\n`,
  'the name of a header': text => whole('x', `${field(text)}: 1\r\n`),
  'the place of a redirect': text => `HTTP/1.1 302 Found\r\nLocation: ${field(text)}\r\nContent-Length: 0\r\n\r\n`,
  'a cookie': text => whole('x', `Set-Cookie: ${field(text)}=${field(text)}; Domain=${field(text)}\r\n`),
  'the body': text => whole(utf8(text)),
  'a quota': text => whole('x', `RateLimit: ${field(text)}\r\nRetry-After: ${field(text)}\r\n`),
  everything: text => utf8(text) + '\r\n\r\n',
}

const CSV = { delimiter: ',', isFixed: true, hasQuotes: true, maxLine: 1_000, encoding: undefined }
const OPTIONS = { maxRetries: 0, timeout: '5s', onFailure: 'settle' } as const

function saidIn(outcome: Outcome): string[] {
  const { error, warnings } = outcome
  const cause = (error as Error | undefined)?.cause
  const ofCause = cause instanceof SyntaxError ? [cause.message, lineless(cause.stack)] : []
  return [...warnings, error?.message ?? '', lineless(error?.stack), ...ofCause]
}

const lineless = (stack = ''): string => stack.replaceAll('\n', '')

function saidBy(act: () => unknown): string {
  try {
    act()
    return ''
  } catch (error) {
    const { problems = [], message } = error as Error & { problems?: readonly string[] }
    return problems.length > 1 ? problems.join() : message
  }
}

const SPECS: Readonly<Record<string, (text: string) => RequestSpec | string>> = {
  'a URL': text => text,
  'a host': text => `http://${text}/`,
  'a method': text => ({ url: 'http://x.test/', method: text }),
  'the name of a header of a request': text => ({ url: 'http://x.test/', headers: { [text]: '1' } }),
  'an option of a request': text => ({ url: 'http://x.test/', [text]: 1 }),
  'the name of a field': text => ({ url: 'http://x.test/', multipart: { [text]: { path: text } } }),
  'a checksum': text => ({ url: 'http://x.test/', checksum: text }),
}

const CALLS: Readonly<Record<string, (text: string) => unknown>> = {
  'the name of an option': text => new ParallelRequests({ [text]: 1 }),
  'a value of an option': text => new ParallelRequests({ rateLimit: text }),
  'a proxy': text => new ParallelRequests({ proxy: text }),
  'a base': text => new ParallelRequests({ baseUrl: text }),
  'the name of a header of all requests': text => new ParallelRequests({ headers: { [text]: '1' } }),
  'a pattern of hosts': text => new ParallelRequests({ hosts: { [text]: { rateLimit: 'x' } } }),
  'a cookie file': text => new ParallelRequests({ cookieFile: `/nowhere/${text}` }),
  'a path of JSON lines': text => jsonLines(`/nowhere/${text}`),
  'a path of CSV': text => csv(`/nowhere/${text}`),
  'a path of SQLite': text => sqlite(`/nowhere/${text}`),
  'a path of a folder': text => folder(`/dev/null/${text}`),
  'an output that broke': text => {
    throw new SinkError(text, 1, new Error(text))
  },
  'a row that is refused': text => {
    throw new RowError(1, text)
  },
  'a problem of the command line': text => {
    throw new UsageError(text)
  },
}

describe(`a message with foreign text (${SEEDED})`, () => {
  it('of a server has no character that a terminal acts on', { timeout: limitMs() }, async () => {
    let answer = ''
    await using server = await rawServer(
      answering(async connection => {
        await connection.send(answer)
        connection.fin()
      }),
    )
    const property = fc.asyncProperty(fc.constantFrom(...Object.keys(ANSWERS)), foreign, async (place, text) => {
      answer = (ANSWERS[place] as (text: string) => string)(text)
      for (const returnType of ['json', 'text', 'response'] as const) {
        const outcome = await parallelRequests(server.origin, { ...OPTIONS, returnType })
        for (const said of saidIn(outcome)) expect(said, place).not.toMatch(OBEYED)
      }
    })
    await fc.assert(property, { numRuns: runs(60) })
  })

  it('of the caller has no character that a terminal acts on', { timeout: limitMs() }, async () => {
    const property = fc.asyncProperty(foreign, async text => {
      for (const [place, act] of Object.entries(CALLS))
        expect(
          saidBy(() => act(text)),
          place,
        ).not.toMatch(OBEYED)
      const failing = { kind: 'fault', code: 'reset/before_headers', message: text, sent: false } as const
      const transport = { send: () => Promise.resolve(failing), close: () => Promise.resolve() }
      const specs = Object.values(SPECS).map(spec => spec(text))
      const outcomes = await parallelRequests(specs as RequestSpec[], { ...OPTIONS, transport })
      const thrown = await parallelRequests('http://x.test/', {
        ...OPTIONS,
        transport: mockTransport(() => ({ json: 1 })),
        parseFunc() {
          throw new Error(text)
        },
      })
      for (const outcome of [...outcomes, thrown]) {
        expect(outcome.ok).toBe(false)
        for (const said of saidIn(outcome)) expect(said).not.toMatch(OBEYED)
      }
    })
    await fc.assert(property, { numRuns: runs(40) })
  })

  it('in the report of a run stays on its line', { timeout: limitMs() }, async () => {
    const property = fc.asyncProperty(foreign, async text => {
      const [outcome] = await parallelRequests([{ url: text, meta: { file: text, line: 1 } }], OPTIONS)
      for (const asRecords of [false, true]) {
        const counted = new Statistics(systemClock)
        counted.add(outcome as Outcome, undefined)
        const tally = new Tally({
          quiet: false,
          verbose: true,
          asRecords,
          total: 1,
          hasItems: false,
          isRow: () => true,
          statistics: () => counted.snapshot(),
          remedy: '',
          next: { of: () => [], remark: undefined },
        })
        tally.note({ ...outcome, warnings: [text] } as Outcome)
        const lines = tally.text([text]).trimEnd().split('\n')
        expect(lines.length).toBe(asRecords ? 5 : 4)
        for (const line of lines) expect(line).not.toMatch(OBEYED)
      }
      expect(JSON.parse(record('message', { text })).text).toBe(text)
      const cell = `"${text.replaceAll('"', '""')}"`
      const table = await tableOf(Readable.from([Buffer.from(`${cell},${cell}\n`)]), text, CSV).catch(error => error)
      expect((table as Error).message).not.toMatch(OBEYED)
      const broken = objectOf(text)
      if (typeof broken === 'string') expect(new UsageError(broken).message).not.toMatch(OBEYED)
    })
    const withoutHost: [string] = ['a:\u001b[31m']
    await fc.assert(property, { numRuns: runs(60), examples: [withoutHost] })
  })
})
