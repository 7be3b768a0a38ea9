/** Section G of the catalogue: HTTP/2 (with the option http2), over frames written by hand. */
import { TRUST, verdictOf } from '../support/ask.ts'
import { CODES, frame, h2Server, packed, replying } from '../support/h2-server.ts'
import type { H2Script, Play } from '../support/h2-server.ts'
import { retryOf } from '../support/hostile/scenario.ts'
import type { Act, Spec } from '../support/hostile/scenario.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

const HEAD: Play = { head: { ':status': '200' } }
const NEXT = { answers: [replying('next')] }

interface Broken extends Pick<Act, 'row' | 'name' | 'outcome' | 'retry' | 'socket'> {
  /** The script of the n-th connection. */
  readonly scripts: readonly H2Script[]
  /** A good answer comes first, so that the victim finds an open connection. */
  readonly primed?: boolean
  readonly spec?: Partial<Spec>
}

/** Each request gets a server of its own: once, then with one retry allowed, as it is and as a POST. */
const broken = ({ scripts, primed = false, spec, ...row }: Broken): Act => ({
  ...row,
  options: { ...TRUST, http2: true },
  ways: ['plain'],
  async act(stage) {
    const meet = async (more: Partial<Spec>, isLast = false) => {
      await using server = await h2Server(scripts)
      if (primed) await stage.ask(server.origin)
      const outcome = await stage.ask({ ...spec, ...more, url: server.origin })
      const before = server.accepted
      const next = isLast ? await stage.ask(server.origin) : undefined
      const isKept = server.accepted === before && before === 1
      return { outcome, isKept, isNext: next === undefined || next.value === 'next' }
    }
    const { outcome, isKept, isNext } = await meet({}, true)
    if (!isNext) return { verdict: `${verdictOf(outcome)}, and the next request failed` }
    const get = await meet({ maxRetries: 1 })
    const post = await meet({ method: 'POST', body: 'x', maxRetries: 1 })
    const retry = retryOf(get.outcome.attempts > 1, post.outcome.attempts > 1)
    return { verdict: verdictOf(outcome), retry, socket: isKept ? 'K' : 'X' }
  },
})

/** Fails one stream; the connection stays usable. */
const stream = (row: number, name: string, outcome: string, ...plays: readonly Play[]): Broken => ({
  row,
  name,
  outcome,
  retry: 'I',
  socket: 'K',
  scripts: [{ answers: [plays, replying('next')] }],
})

const flooding = (name: string, ...plays: readonly Play[]): Act =>
  broken({
    row: 91,
    name,
    outcome: 'protocol/h2',
    retry: 'N',
    socket: 'X',
    scripts: [{ answers: [plays] }, NEXT],
  })

const goaway = (name: string, ...after: readonly Play[]): Act =>
  broken({
    row: 83,
    name,
    outcome: 'ok',
    retry: 'A',
    socket: 'X',
    primed: true,
    scripts: [{ answers: [replying(), [{ goaway: 'NO_ERROR', last: 'before' }, ...after]] }, NEXT],
  })

export const HTTP2: readonly Act[] = [
  goaway('a GOAWAY before the request, and the connection stays open'),
  goaway('a GOAWAY before the request, then a close', { fin: true }),
  broken({
    row: 84,
    name: 'a GOAWAY that covers the request, then a close',
    outcome: 'reset/goaway',
    retry: 'I',
    socket: 'X',
    scripts: [{ answers: [[{ goaway: 'NO_ERROR', last: 'this' }, { wait: 20 }, { fin: true }]] }, NEXT],
  }),
  // Retried three times for free, whatever maxRetries is.
  broken({ ...stream(85, 'REFUSED_STREAM', 'ok', { rst: 'REFUSED_STREAM' }), retry: 'A' }),
  ...(['INTERNAL_ERROR', 'CANCEL', 'NO_ERROR'] as const).map(code =>
    broken(
      stream(
        code === 'INTERNAL_ERROR' ? 86 : 87,
        `RST_STREAM with ${code} within the body`,
        'truncated/reset',
        HEAD,
        { data: 'abc' },
        { wait: 5 },
        { rst: code },
      ),
    ),
  ),
  broken(
    stream(
      88,
      'content-length: 10, then 3 bytes and END_STREAM',
      'truncated/length',
      { head: { ':status': '200', 'content-length': '10' } },
      { data: 'abc', end: true },
    ),
  ),
  broken({
    ...stream(89, 'a body that stalls', 'timeout/body', HEAD, { data: 'a' }),
    spec: { timeouts: { idle: '200ms' } },
  }),
  broken({
    row: 89,
    // Nothing else moves on this connection, so it is not used for another request.
    name: 'a flow-control window of 0 for the upload',
    outcome: 'timeout/idle',
    retry: 'I',
    socket: 'X',
    spec: { method: 'PUT', body: 'x', timeouts: { idle: '200ms' } },
    primed: true,
    scripts: [{ settings: { initialWindowSize: 0 }, early: true, answers: [replying(), []] }, NEXT],
  }),
  {
    row: 90,
    name: 'one stream at a time; five requests',
    outcome: 'ok',
    retry: '–',
    socket: '–',
    options: { ...TRUST, http2: true, concurrency: 5 },
    ways: ['plain'],
    async act(stage) {
      await using server = await h2Server({
        settings: { maxConcurrentStreams: 1 },
        answers: [[{ wait: 5 }, ...replying()]],
      })
      const outcomes = await stage.askAll(Array.from({ length: 20 }, () => ({ url: server.origin })))
      if (server.mostOpen > 5) return { verdict: `${server.mostOpen} connections` }
      return { verdict: [...new Set(outcomes.map(verdictOf))].join(', ') }
    },
  },
  flooding(
    '20,000 CONTINUATION frames',
    { head: { ':status': '200' }, open: true },
    {
      flood: frame('continuation', 0, 1, packed({ 'x-a': 'b' })),
      times: 20_000,
    },
  ),
  flooding('50,000 PING frames', { flood: frame('ping', 0, 0, Buffer.alloc(8)), times: 50_000 }),
  flooding('20,000 SETTINGS frames', {
    flood: frame('settings', 0, 0, Buffer.from([0, 3, 0, 0, 0, 100])),
    times: 20_000,
  }),
  flooding('a frame of garbage', { raw: Buffer.from('this is not a frame of any kind, and it is long') }),
  // Like a 429: the host pauses, and no retry is used up.
  broken(stream(92, 'ENHANCE_YOUR_CALM on the stream', 'ok', { rst: 'ENHANCE_YOUR_CALM' })),
  {
    row: 92,
    name: 'HTTP_1_1_REQUIRED',
    outcome: 'ok',
    retry: 'A',
    socket: 'X',
    options: { ...TRUST, http2: true },
    ways: ['plain'],
    async act(stage) {
      const once = async (method: string) => {
        await using server = await rawServer(
          [
            async connection => {
              await connection.expect('SM\r\n\r\n')
              await connection.send(frame('settings', 0, 0))
              await connection.wait(20)
              await connection.send(frame('rst', 0, 1, Buffer.from([0, 0, 0, CODES.HTTP_1_1_REQUIRED])))
            },
            answering(connection => connection.reply('h1')),
          ],
          { cert: 'server', alpn: ['h2', 'http/1.1'] },
        )
        const outcome = await stage.ask({ url: server.origin, method, maxRetries: 1 })
        return { outcome, accepted: server.accepted }
      }
      const get = await once('GET')
      const post = await once('POST')
      const retry = retryOf(get.outcome.attempts > 1, post.outcome.attempts > 1)
      return { verdict: verdictOf(get.outcome), retry, socket: get.accepted === 2 ? 'X' : 'K' }
    },
  },
]
