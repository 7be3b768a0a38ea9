/**
 * Each input gets exactly one outcome: random server scripts × call shapes × concurrency × moments of an abort. A
 * failing run prints its case; the seed in the title reproduces all of them.
 */
import { expect, it } from 'vitest'
import { ANSWERS } from '../differential/answers.ts'
import type { Outcome, RequestSpec } from '../../src/index.ts'
import { clientOf } from '../support/ask.ts'
import { fc, seed } from '../support/property.ts'
import { answerServer } from './answer-server.ts'
import type { AnswerPlan, AnswerServer } from './answer-server.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const RUNS = runs(1_000)
/** Fewer for few runs: all of them at once in a cold process would time out before the first byte is sent. */
const AT_ONCE = Math.min(20, Math.ceil(RUNS / 10))
const GOOD = 'good'
const BAD_INPUT = 'bad input'
const KINDS = [GOOD, GOOD, GOOD, BAD_INPUT, ...ANSWERS.map(({ what }) => what)]
const PLANS = new Map<string, AnswerPlan>(ANSWERS.map(answer => [answer.what, answer]))

interface Item {
  readonly kind: string
  readonly method: 'GET' | 'POST' | 'PUT'
}

interface Run {
  readonly items: readonly Item[]
  readonly shape: 'list' | 'iterable' | 'stream' | 'lazy stream' | 'ordered stream' | 'drain'
  readonly concurrency: number
  readonly maxRetries: number
  readonly timeoutMs: number
  readonly abortAfterMs: number | undefined
  readonly maxFailures: number | undefined
  readonly window: number
  /** Only good answers and bad inputs, and nothing that ends the run early: every good item must be ok. */
  readonly isCalm: boolean
}

/** Nothing times out in a calm run, however busy the machine is. */
const CALM_TIMEOUT_MS = 60_000

const RUN: fc.Arbitrary<Run> = fc.record({
  items: fc.array(
    fc.record({ kind: fc.constantFrom(...KINDS), method: fc.constantFrom('GET', 'GET', 'POST', 'PUT') }),
    {
      maxLength: 40,
      size: 'max',
    },
  ),
  shape: fc.constantFrom('list', 'iterable', 'stream', 'lazy stream', 'ordered stream', 'drain'),
  concurrency: fc.integer({ min: 1, max: 64 }),
  maxRetries: fc.integer({ min: 0, max: 2 }),
  timeoutMs: fc.integer({ min: 50, max: 120 }),
  abortAfterMs: fc.option(fc.integer({ min: 0, max: 120 }), { nil: undefined }),
  maxFailures: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 4 }),
  window: fc.integer({ min: 1, max: 50 }),
  isCalm: fc.constantFrom(true, false, false, false),
})

const calmed = (run: Run): Run =>
  run.isCalm
    ? {
        ...run,
        items: run.items.map(item => ({ ...item, kind: item.kind === BAD_INPUT ? BAD_INPUT : GOOD })),
        timeoutMs: CALM_TIMEOUT_MS,
        abortAfterMs: undefined,
        maxFailures: undefined,
      }
    : run

const goodItems = ({ items, isCalm }: Run): number => (isCalm ? items.filter(({ kind }) => kind === GOOD).length : 0)

/** The plan for the path `/<run>/<item>/<kind>`. A good answer repeats the path. */
function planOf(path: string): AnswerPlan {
  const known = PLANS.get(decodeURIComponent(path.split('/')[3] ?? ''))
  if (known !== undefined) return known
  return { bytes: Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`), end: 'hold' }
}

/** What was wrong with the result of this run, or undefined. */
async function played(run: Run, id: number, { origin }: AnswerServer): Promise<string | undefined> {
  const { items, shape, concurrency, maxRetries, timeoutMs, abortAfterMs, maxFailures, window } = run
  const specs: RequestSpec[] = items.map(({ kind, method }, n) => {
    const url = kind === BAD_INPUT ? `http://[bad/${id}` : `${origin}/${id}/${n}/${encodeURIComponent(kind)}`
    return method === 'GET' ? { url, method } : { url, method, body: `${n}` }
  })
  let pulled = 0
  function* lazily(): Generator<RequestSpec> {
    for (const spec of specs) {
      pulled++
      yield spec
    }
  }
  const client = clientOf({
    concurrency,
    maxRetries,
    timeout: `${timeoutMs}ms`,
    retry: { backoff: { base: '1ms', max: '5ms' } },
  })
  const controller = new AbortController()
  const timer = abortAfterMs === undefined ? undefined : setTimeout(() => controller.abort(), abortAfterMs)
  const options = {
    signal: controller.signal,
    returnType: 'text',
    window,
    maxResponseBytes: 100_000,
    ...(maxFailures !== undefined && { maxFailures }),
  } as const
  try {
    if (shape === 'drain') {
      const totals = await client.drain(specs, options)
      const counted = totals.ok + totals.failed
      if (run.isCalm && totals.ok !== goodItems(run)) return JSON.stringify(totals)
      return totals.total === counted && counted <= specs.length ? undefined : JSON.stringify(totals)
    }
    const outcomes: Outcome[] = []
    if (shape === 'list') outcomes.push(...(await client.request(specs, { ...options, onFailure: 'settle' })))
    else if (shape === 'iterable')
      outcomes.push(...(await client.request(lazily(), { ...options, onFailure: 'settle' })))
    else {
      const order = shape === 'ordered stream' ? 'input' : 'completed'
      const source = shape === 'lazy stream' ? lazily() : specs
      for await (const outcome of client.stream(source, { ...options, order })) outcomes.push(outcome)
    }
    return complaint(outcomes, run, pulled, id)
  } finally {
    clearTimeout(timer)
    await client.close()
  }
}

function complaint(outcomes: readonly Outcome[], run: Run, pulled: number, id: number): string | undefined {
  const { items, shape, isCalm } = run
  const indexes = outcomes.map(({ index }) => index)
  if (new Set(indexes).size !== indexes.length) return `two outcomes of one request: ${indexes.join()}`
  const isLazy = shape === 'lazy stream' || shape === 'iterable'
  const due = isLazy ? pulled : items.length
  if (outcomes.length !== due) return `${outcomes.length} outcomes of ${due} requests`
  if (shape !== 'stream' && shape !== 'lazy stream' && indexes.some((index, at) => index !== at)) return 'out of order'
  for (const { ok, index, value, error } of outcomes) {
    const { kind } = items[index] as Item
    if (ok && kind === GOOD && value !== `/${id}/${index}/${kind}`) return `${index} got ${String(value)}`
    if (!ok && kind === GOOD && isCalm) return `${index} is ${error.code}: ${error.message}`
    if (ok && kind === BAD_INPUT) return `${index} is ok, which is no URL`
    if (!ok && error.code.startsWith('internal/')) return `${index} is ${error.code}: ${error.message}`
  }
  return undefined
}

it(
  `${RUNS} random runs give every request its own outcome, exactly once (${SEEDED})`,
  async () => {
    const all = fc.sample(RUN, { numRuns: RUNS, seed }).map(calmed)
    await using server = await answerServer(planOf)
    await using warm = clientOf()
    await warm.request(`${server.origin}/warm/0/${GOOD}`, { returnType: 'text' })
    const complaints: string[] = []
    let next = 0
    const player = async (): Promise<void> => {
      for (let id = next++; id < all.length; id = next++) {
        const run = all[id] as Run
        const given = await Promise.race([
          played(run, id, server).catch((error: unknown) => `threw ${String(error)}`),
          new Promise<string>(resolve => setTimeout(resolve, 120_000, 'never ended').unref()),
        ])
        if (given !== undefined) complaints.push(`${given} in ${JSON.stringify(run)}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, player))
    expect(complaints.slice(0, 5)).toEqual([])
    // The others depend on the moments of their aborts and timeouts.
    const calm = all.reduce((sum, run) => sum + goodItems(run), 0)
    // A few runs may have no calm one among them.
    if (RUNS >= 200) expect(calm).toBeGreaterThan(RUNS)
    expect(server.asked.size).toBeGreaterThanOrEqual(calm)
  },
  limitMs(),
)
