/**
 * Batches at fractional times, whose sums are mostly rounded: limits, pauses, timeouts, retries and slow consumers, all
 * at random, in virtual time. Prints each seed before it starts, so that the parent knows where the process hung.
 * Arguments: the first seed, and the number of seeds.
 */
import { attemptOf } from '../../src/core/wire-attempt.ts'
import type { WireAttempt } from '../../src/core/wire-attempt.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, RequestSpec } from '../../src/index.ts'
import { pauseClocks, resumeClocks } from '../../src/core/attempt.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { Clock, Transport } from '../../src/core/ports.ts'
import { fault } from '../../src/core/result.ts'
import type { FaultCode, Result } from '../../src/core/result.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeReply } from './calls.ts'
import { randomFrom } from './property.ts'

type Chance = () => number

const STARTS_MS = [1 / 3, 1e6 + 0.1, 1e9 + 1 / 3, 4e10 + 1 / 7]
const FRACTIONS = [1 / 3, 0.1, 1 / 7, 2 / 3, 1e-3, 1e-6, 0]

const pick = <T>(chance: Chance, items: readonly T[]): T => items[Math.floor(chance() * items.length)] as T
const fraction = (chance: Chance): number => pick(chance, FRACTIONS)
/** Mostly short; sometimes close to 0, sometimes long. */
const someMs = (chance: Chance, most: number): number =>
  chance() < 0.15 ? fraction(chance) : Math.floor(chance() ** 2 * most) + fraction(chance)
const duration = (chance: Chance, least: number, most: number): string =>
  `${(least + chance() * most).toFixed(pick(chance, [0, 1, 5]))}ms`
const maybe = <T>(chance: Chance, often: number, make: () => T): T | undefined =>
  chance() < often ? make() : undefined

const RATES = ['3/s', '7/s', '100/m', '1/7ms', '3/100ms', '0.7/s', '11/333ms', '1000/s', '7/1.1s']
const FAULTS: readonly FaultCode[] = [
  'reset/before_headers',
  'connect/refused',
  'timeout/connect',
  'resource/fd',
  'resource/port',
]

function optionsOf(chance: Chance): ClientOptions {
  const often = (p: number): boolean => chance() < p
  const rate = (): string => pick(chance, RATES)
  const options: Record<string, unknown> = {
    concurrency: pick(chance, [1, 2, 3, 7, 20, 'auto'] as const),
    maxRetries: Math.floor(chance() * 4),
    rateLimit: maybe(chance, 0.5, () => (often(0.3) ? [rate(), '2000/h'] : rate())),
    burst: undefined,
    perHost: maybe(chance, 0.4, () => ({
      ...(often(0.5) && { concurrency: 1 + Math.floor(chance() * 4) }),
      ...(often(0.6) && { rateLimit: rate() }),
    })),
    budgets: maybe(chance, 0.3, () => ({ tokens: pick(chance, ['100/s', '33/100ms', '1000/m']) })),
    breaker: maybe(chance, 0.3, () => (often(0.5) ? true : { failures: 2, cooldown: duration(chance, 1, 3_000) })),
    limitKey: maybe(chance, 0.1, () => () => pick(chance, ['a', 'b'])),
    respectServerLimits: often(0.7),
    timeout: maybe(chance, 0.5, () => duration(chance, 1, 3_000)),
    timeouts: maybe(chance, 0.6, () => ({
      ...(often(0.3) && { total: duration(chance, 100, 60_000) }),
      ...(often(0.5) && { connect: duration(chance, 1, 500) }),
      ...(often(0.5) && { headers: duration(chance, 1, 900) }),
      ...(often(0.5) && { idle: duration(chance, 1, 400) }),
    })),
    minSpeed: maybe(chance, 0.3, () => ({ bytes: 10, over: duration(chance, 50, 700) })),
    retry: maybe(chance, 0.6, () => ({
      ...(often(0.6) && { backoff: pick(chance, [() => fraction(chance), () => 0, () => someMs(chance, 900)]) }),
      ...(often(0.5) && { maxRetryAfter: duration(chance, 1, 5_000) }),
    })),
  }
  for (const name in options) if (options[name] === undefined) Reflect.deleteProperty(options, name)
  return options
}

const isDead = (url: string): boolean => /h\d*[37]\.test/.test(url)

/** A transport whose attempts go through all phases. A slow consumer holds some pieces of the body. */
class Wire implements Transport {
  readonly clock: Clock
  sent = 0
  readonly #chance: Chance
  readonly #sick: number

  constructor(clock: Clock, chance: Chance) {
    this.clock = clock
    this.#chance = chance
    this.#sick = chance() * 0.6
  }

  async send(given: WireAttempt): Promise<Result> {
    const attempt = attemptOf(given)
    this.sent++
    const chance = this.#chance
    let over = false
    let wake = (): void => undefined
    attempt.abort = () => {
      over = true
      wake()
    }
    const sleep = (ms: number): Promise<void> =>
      new Promise(resolve => {
        wake = resolve
        this.clock.after(ms, resolve)
      })
    const enter = (phase: Attempt['phase']): void => {
      attempt.phase = phase
      attempt.phaseAtMs = this.clock.now()
    }
    const givenUp = fault('aborted/in_flight', 'given up')
    // Some hosts are silent for a long time.
    await sleep(someMs(chance, isDead(attempt.call.url) ? 12_000 : 40))
    if (over) return givenUp
    if (isDead(attempt.call.url) && chance() < 0.8) return fault('timeout/connect', 'it does not answer')
    if (chance() < this.#sick / 3) {
      const code = pick(chance, FAULTS)
      return fault(code, code, { sent: attempt.sent })
    }
    attempt.sent = true
    enter('headers')
    await sleep(someMs(chance, 200))
    if (over) return givenUp
    const sick = chance() < this.#sick
    attempt.headed = true
    if (sick) return this.#refusal(attempt)
    enter('body')
    for (let pieces = Math.floor(chance() * 4); pieces > 0; pieces--) {
      await sleep(someMs(chance, 150))
      if (over) return givenUp
      attempt.bodyBytes += Math.floor(chance() * 20)
      attempt.phaseAtMs = this.clock.now()
      if (chance() < 0.5) continue
      // A slow consumer.
      pauseClocks(attempt, this.clock.now())
      await sleep(chance() < 0.1 ? 20_000 + fraction(chance) : someMs(chance, 500))
      if (over) return givenUp
      resumeClocks(attempt, this.clock.now())
    }
    return { ...makeReply(200, {}, '1'), url: attempt.call.url, headers: this.#quota() }
  }

  close = async (): Promise<void> => undefined

  #refusal(attempt: Attempt): Result {
    const chance = this.#chance
    const status = pick(chance, [429, 429, 503, 500, 404])
    const after = chance() < 0.6 ? ['retry-after', pick(chance, ['0', '1', '2', '7'])] : []
    return { ...makeReply(status), url: attempt.call.url, headers: [...after, ...this.#quota()] }
  }

  #quota(): string[] {
    const chance = this.#chance
    if (chance() < 0.7) return []
    const remaining = String(Math.floor(chance() * 5))
    if (chance() < 0.5) return ['ratelimit', `"a";r=${remaining};t=${Math.floor(chance() * 3)}`]
    return ['x-ratelimit-remaining', remaining, 'x-ratelimit-reset', pick(chance, ['0', '0.3', '1', '2.7'])]
  }
}

function inputOf(chance: Chance, hasBudget: boolean): RequestSpec[] {
  const hosts = 1 + Math.floor(chance() ** 3 * 30)
  return Array.from({ length: 1 + Math.floor(chance() * 60) }, (_, index) => ({
    url: `http://h${Math.floor(chance() * hosts)}.test/${index}`,
    method: chance() < 0.2 ? 'POST' : 'GET',
    ...(hasBudget && { cost: { tokens: pick(chance, [0, 1, 1.1, 0.1, 7 / 3]) } }),
  }))
}

/** The most timers per attempt; more count as a hang. */
const MAX_FIRES = 5_000

async function play(seed: number): Promise<void> {
  const chance = randomFrom(seed)
  const clock = virtualClock()
  await clock.advance(pick(chance, STARTS_MS))
  const wire = new Wire(clock, chance)
  const options = optionsOf(chance)
  const client = new ParallelRequests({ ...options, transport: wire })
  const input = inputOf(chance, options.budgets !== undefined)
  const lazy = chance() < 0.3
  const waiting = { count: input.length }
  const run = (async () => {
    for await (const _ of client.stream(lazy ? input.values() : input)) waiting.count--
  })()
  let fires = 0
  let idle = 0
  while (waiting.count > 0) {
    await new Promise(resolve => setImmediate(resolve))
    await new Promise(resolve => setImmediate(resolve))
    if (clock.advanceToNext()) {
      idle = 0
      if (++fires > MAX_FIRES * (input.length + wire.sent))
        throw new Error(`seed ${seed}: time hardly passes (at ${clock.now()})`)
    } else if (++idle > 50) throw new Error(`seed ${seed}: ${waiting.count} wait for nothing`)
  }
  await run
  await client.close()
  worst = Math.max(worst, fires / (input.length + wire.sent))
}

let worst = 0
const [, , first = '1', count = '100'] = process.argv
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  process.stdout.write(`${seed}\n`)
  await play(seed)
}
process.stdout.write(`done, at most ${worst.toFixed(1)} timers for an attempt\n`)
