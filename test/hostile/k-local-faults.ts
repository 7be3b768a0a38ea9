/** Section K of the catalogue: callers' functions, aborts, clocks and a blocked event loop. */
import { verdictOf } from '../support/ask.ts'
import { expectFigure } from '../support/figure.ts'
import type { AskOptions } from '../support/ask.ts'
import type { Act, Spec, Stage } from '../support/hostile/scenario.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { threadServer } from '../support/thread-server.ts'

export const url = import.meta.url

const act = (
  row: number,
  name: string,
  outcome: string,
  run: (stage: Stage) => Promise<string>,
  more: Partial<Act> = {},
): Act => ({
  row,
  name,
  outcome,
  retry: '–',
  socket: '–',
  ways: ['plain'],
  act: async stage => ({ verdict: await run(stage) }),
  ...more,
})

/** A function of the caller that behaves like this, with a server that answers. It is called once, whatever it does. */
const calling = (name: string, outcome: string, spec: Partial<Spec>, options: AskOptions = {}): Act =>
  act(112, name, outcome, async stage => {
    const target = `${stage.hosts.host.origin}/polite/called`
    const result = await stage.ask({ url: target, ...spec, maxRetries: 2 }, options)
    const seen = stage.hosts.host.connections.reduce((sum, { text }) => sum + text.split('/polite/').length - 1, 0)
    return seen <= 1 ? verdictOf(result) : `${seen} requests`
  })

const boom = (): never => {
  throw new Error('boom')
}
const rejects = async (): Promise<never> => boom()
const never = (): Promise<never> => new Promise(() => undefined)
const PATIENCE = { timeouts: { callback: '200ms' } } as const

/** A request that the server never answers, aborted after it arrived. */
async function givenUp(stage: Stage, spec: Partial<Spec>): Promise<string> {
  await using server = await rawServer(async connection => void (await connection.request()))
  const abort = new AbortController()
  const asked = stage.ask({ url: server.origin, ...spec }, { signal: abort.signal })
  while (server.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 2))
  const abortedAtMs = performance.now()
  abort.abort()
  const outcome = await asked
  const tookMs = performance.now() - abortedAtMs
  await server.connections[0]?.closed
  return tookMs < 250 ? verdictOf(outcome) : `settled after ${tookMs} ms`
}

/** A wall clock that jumps by an hour while a request waits must neither end the request nor prolong it. */
async function jump(stage: Stage, byMs: number): Promise<string> {
  await using server = await rawServer(
    answering(async (connection, { path }) => {
      if (path === '/never') return
      await connection.wait(150)
      await connection.reply()
    }),
  )
  const { now } = Date
  const limits = { timeouts: { headers: '400ms' } } as const
  const asked = stage.ask({ url: server.origin, ...limits })
  const lost = stage.ask({ url: `${server.origin}/never`, ...limits })
  Date.now = () => now() + byMs
  try {
    const startedAtMs = performance.now()
    const verdicts = [verdictOf(await asked), verdictOf(await lost)]
    const tookMs = performance.now() - startedAtMs
    expectFigure(tookMs).toBeLessThan(900)
    return tookMs > 350 ? verdicts.join(', ') : `took ${tookMs} ms`
  } finally {
    Date.now = now
  }
}

export const LOCAL_FAULTS: readonly Act[] = [
  calling('parseFunc throws', 'callback/parse', { parseFunc: boom }),
  calling('parseFunc rejects', 'callback/parse', { parseFunc: rejects }),
  calling('parseFunc never settles', 'timeout/callback', { parseFunc: never, ...PATIENCE }),
  calling('a hook throws', 'callback/hook', {}, { hooks: { beforeRequest: boom } }),
  calling('a hook rejects', 'callback/hook', {}, { hooks: { afterResponse: rejects } }),
  calling('a hook never settles', 'timeout/callback', PATIENCE, { hooks: { beforeRequest: never } }),
  calling('acceptStatus throws', 'callback/accept_status', { acceptStatus: boom }),
  act(113, 'a consumer that never takes the body', 'timeout/callback', async stage => {
    await using server = await rawServer(answering(connection => connection.reply('x'.repeat(1_000_000))))
    const spec = { url: server.origin, returnType: 'stream', ...PATIENCE } as Spec
    const outcome = await stage.ask(spec, { onChunk: never })
    await server.connections[0]?.closed
    return verdictOf(outcome)
  }),
  act(114, 'an abort while a GET is in flight', 'aborted/in_flight', stage => givenUp(stage, {})),
  act(114, 'an abort while a POST is in flight', 'in_doubt/aborted', stage =>
    givenUp(stage, { method: 'POST', json: 1 }),
  ),
  act(114, 'an abort before anything is sent', 'aborted/not_started', async stage => {
    const options = { signal: AbortSignal.abort() }
    const outcome = await stage.ask(`${stage.hosts.host.origin}/polite/late`, options)
    return stage.hosts.host.accepted === 0 ? verdictOf(outcome) : 'a connection was made'
  }),
  act(118, 'the wall clock jumps forward by an hour', 'ok, timeout/headers', stage => jump(stage, 3_600_000)),
  act(118, 'the wall clock jumps back by an hour', 'ok, timeout/headers', stage => jump(stage, -3_600_000)),
]

/** The whole process is blocked, so these rows are played alone. */
export const STANDSTILL: readonly Act[] = [
  act(
    119,
    'the event loop is blocked for five seconds, longer than any limit',
    'ok',
    async stage => {
      const server = await threadServer()
      try {
        const limits = { timeout: '1s', timeouts: { headers: '500ms', idle: '500ms' } } as const
        const asked = Promise.all(
          Array.from({ length: 10 }, () => stage.ask({ url: `${server.url}/slow?ms=100`, ...limits })),
        )
        // The requests are in flight, and their answers arrive while the loop is blocked.
        await new Promise(resolve => setTimeout(resolve, 50))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000)
        return [...new Set((await asked).map(verdictOf))].join(', ')
      } finally {
        await server.close()
      }
    },
    { standsStill: true },
  ),
]
