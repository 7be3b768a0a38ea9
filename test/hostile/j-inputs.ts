/** Section J of the catalogue: the input of callers, and of their users. */
import { verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import type { Act, Spec, Stage } from '../support/hostile/scenario.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

type Bad = (origin: string) => Partial<Spec>

/** Refused before a byte is sent, whatever the method. */
const refused = (row: number, name: string, code: string, bad: Bad): Act => ({
  row,
  name,
  outcome: code,
  retry: 'N',
  socket: '–',
  ways: ['plain'],
  async act(stage) {
    await using server = await rawServer(answering(connection => connection.reply()))
    const outcome = await stage.ask({ url: server.origin, maxRetries: 2, ...bad(server.origin) })
    if (server.accepted > 0) return { verdict: `${verdictOf(outcome)}, and a connection was made` }
    return { verdict: verdictOf(outcome), retry: outcome.attempts === 0 ? 'N' : 'I' }
  },
})

/** Sent; `seen` checks the request at the server. */
const sent = (row: number, name: string, spec: (port: number) => Spec, seen: (head: string) => boolean): Act => ({
  row,
  name,
  outcome: 'ok',
  retry: '–',
  socket: '–',
  ways: ['plain'],
  async act(stage) {
    await using server = await rawServer(answering(connection => connection.reply()))
    const asked = spec(server.port)
    const outcome = await stage.ask(asked)
    const head = server.requests[0]?.head ?? ''
    const shown = new URL(asked.url)
    shown.username = shown.password = ''
    if (outcome.ok && outcome.response.url !== shown.href) return { verdict: `shown as ${outcome.response.url}` }
    return { verdict: outcome.ok && !seen(head) ? `the server saw ${head.slice(0, 300)}` : verdictOf(outcome) }
  },
})

const URL_CODE = 'invalid_request/url'
const HEADER_CODE = 'invalid_request/header'

async function mixed(stage: Stage): Promise<string> {
  const good = (index: number): Spec => ({ url: `${stage.hosts.other.origin}/polite/line${index}` })
  const lines = Array.from({ length: 100 }, (_, index) => (index === 17 ? { url: 'http://[' } : good(index)))
  const outcomes = await stage.askAll(lines)
  const count = (code: string): number => outcomes.filter(outcome => verdictOf(outcome) === code).length
  const isOwn = outcomes.every((outcome, index) => !outcome.ok || outcome.value === `line${index}`)
  return isOwn ? `${count('ok')} ok, ${count(URL_CODE)} ${URL_CODE}` : 'an answer of another line'
}

export const INPUTS: readonly Act[] = [
  refused(104, 'a line break in a header', HEADER_CODE, () => ({ headers: { 'x-a': 'a\r\nEvil: 1' } })),
  refused(104, 'NUL in a header', HEADER_CODE, () => ({ headers: { 'x-a': 'a\0b' } })),
  refused(104, 'a line break in the name of a header', HEADER_CODE, () => ({ headers: { 'x-a\r\nEvil': '1' } })),
  refused(104, 'a line break in the method', 'invalid_request/method', () => ({ method: 'GET / HTTP/1.1\r\nEvil: 1' })),
  refused(104, 'a line break in the path', URL_CODE, origin => ({ url: `${origin}/a\r\nEvil: 1` })),
  refused(104, 'a tab in the URL', URL_CODE, origin => ({ url: `${origin}/a\tb` })),
  refused(104, 'a line break in a Cookie header', HEADER_CODE, () => ({ headers: { cookie: 'a=1\r\nEvil: 1' } })),
  refused(104, 'a line break in a bearer token', 'invalid_request/auth', () => ({ auth: { bearer: 'a\r\nEvil: 1' } })),
  refused(105, 'Transfer-Encoding', HEADER_CODE, () => ({ headers: { 'transfer-encoding': 'chunked' } })),
  refused(105, 'a Content-Length that lies', HEADER_CODE, () => ({
    method: 'POST',
    body: 'abc',
    headers: { 'content-length': '99' },
  })),
  refused(105, 'a Host header', HEADER_CODE, () => ({ headers: { host: 'elsewhere.example' } })),
  ...['0x7f.1', '017700000001', '127.1', '\u2460\u2461\u2466.0.0.1'].map(host =>
    sent(
      106,
      `http://${host}/: shown as its canonical address`,
      port => ({ url: `http://${host}:${port}/` }),
      head => /^Host: 127\.0\.0\.1:/im.test(head),
    ),
  ),
  ...[
    ['0', '0.0.0.0'],
    ['[::ffff:7f00:1]', '[::ffff:7f00:1]'],
  ].map(([host = '', shown = '']) =>
    sent(
      106,
      `http://${host}/: shown as its canonical address`,
      port => ({ url: `http://${host}:${port}/` }),
      head => head.includes(`\r\nhost: ${shown}:`),
    ),
  ),
  sent(
    106,
    'http:127.1: no slashes',
    port => ({ url: `http:127.1:${port}` }),
    head => /^Host: 127\.0\.0\.1:/im.test(head),
  ),
  sent(
    106,
    'http:\\\\127.1/: backslashes for slashes',
    port => ({ url: `http:\\\\127.1:${port}\\a` }),
    head => head.startsWith('GET /a '),
  ),
  refused(107, 'port 99999', URL_CODE, () => ({ url: 'http://127.0.0.1:99999/' })),
  refused(107, 'a URL without a scheme', URL_CODE, () => ({ url: '//127.0.0.1/' })),
  refused(107, 'an invalid host', URL_CODE, () => ({ url: 'http://%zz/' })),
  sent(
    107,
    'a % in the path that escapes nothing',
    port => ({ url: `http://127.0.0.1:${port}/%zz` }),
    head => head.startsWith('GET /%zz '),
  ),
  ...['localhost.', '\u24d4\u24e7.com', 'b\u00fccher.example'].map(host => ({
    ...sent(
      107,
      `http://${host}/`,
      port => ({ url: `http://${host}:${port}/` }),
      head => head.toLowerCase().includes(`host: ${new URL(`http://${host}/`).hostname}:`),
    ),
    // Every name resolves to this machine.
    options: { lookup: (_name, _options, answer) => answer(null, '127.0.0.1', 4) } satisfies AskOptions,
  })),
  sent(
    108,
    'a name and a password in the URL: sent only as Authorization',
    port => ({ url: `http://user:pass%40word@127.0.0.1:${port}/` }),
    head => head.includes(`Basic ${btoa('user:pass@word')}`) && !head.includes('pass%40word'),
  ),
  {
    row: 109,
    name: 'a URL of 60 kB, which the server refuses',
    outcome: 'http/414',
    retry: 'N',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      await using server = await rawServer(answering(connection => connection.reply('', { status: '414 Too Long' })))
      const outcome = await stage.ask({ url: `${server.origin}/${'a'.repeat(60_000)}`, maxRetries: 1 })
      return { verdict: verdictOf(outcome), retry: outcome.attempts === 1 ? 'N' : 'I' }
    },
  },
  refused(109, 'a URL of 1 MB', URL_CODE, origin => ({ url: `${origin}/${'a'.repeat(1_000_000)}` })),
  {
    row: 110,
    name: 'one bad URL in a hundred',
    outcome: `99 ok, 1 ${URL_CODE}`,
    retry: '–',
    socket: '–',
    ways: ['plain'],
    act: async stage => ({ verdict: await mixed(stage) }),
  },
  {
    row: 110,
    name: 'the same URL three times',
    outcome: '3 outcomes',
    retry: '–',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      await using server = await rawServer(answering(connection => connection.reply()))
      const outcomes = await stage.askAll(Array.from({ length: 3 }, () => ({ url: server.origin })))
      const isEach = server.requests.length === 3 && outcomes.every(({ ok }) => ok)
      return { verdict: isEach ? `${outcomes.length} outcomes` : `${server.requests.length} requests` }
    },
  },
  {
    row: 110,
    name: 'an empty list',
    outcome: 'no outcomes, at once',
    retry: '–',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      const outcomes = await stage.askAll([])
      return { verdict: outcomes.length === 0 ? 'no outcomes, at once' : 'outcomes' }
    },
  },
]
