/**
 * Servers under load in virtual time, and a client that keeps one host busy like the gate: it starts whenever the limit
 * allows it. After a 429 it pauses the host, sends one probe, and doubles the number per good answer.
 */
import { Heap, byDueTime } from '../../src/core/heap.ts'
import type { Due } from '../../src/core/heap.ts'
import type { EndedAttempt } from '../../src/policy/adaptive.ts'
import type { Limit } from '../../src/policy/limit.ts'
import type { Call } from '../../src/core/call.ts'

export type Random = () => number
export interface Reply {
  readonly verdict: EndedAttempt['verdict']
  readonly retryAfterMs?: number
  /** Whether an overload is a 429, after which the gate pauses the host. Default true. */
  readonly pauses?: boolean
}
export type Respond = (reply: Reply) => void

/** The clock and timers of a server. */
export interface World {
  readonly nowMs: () => number
  readonly after: (delayMs: number, run: () => void) => void
}
export type Server = (world: World) => (respond: Respond) => void

interface Event extends Due {
  readonly run: () => void
}

const OK: Reply = { verdict: 'ok' }

export function exponential(meanMs: number, random: Random): () => number {
  return () => -meanMs * Math.log(1 - random())
}

export function lognormal(meanMs: number, sigma: number, random: Random): () => number {
  return () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return meanMs * Math.exp(sigma * normal - sigma ** 2 / 2)
  }
}

export function between(fromMs: number, toMs: number, random: Random): () => number {
  return () => fromMs + (toMs - fromMs) * random()
}

/** The latency does not depend on the load. */
export function unlimited(serviceMs: () => number, verdict: () => EndedAttempt['verdict'] = () => 'ok'): Server {
  return world => respond => world.after(serviceMs(), () => respond({ verdict: verdict() }))
}

/** A number of workers, and an unlimited queue. */
export function workers(count: (nowMs: number) => number, serviceMs: () => number): Server {
  return world => {
    const queue: Respond[] = []
    let busy = 0
    const work = (): void => {
      while (busy < count(world.nowMs())) {
        const respond = queue.shift()
        if (respond === undefined) return
        busy++
        world.after(serviceMs(), () => {
          busy--
          respond(OK)
          work()
        })
      }
    }
    return respond => {
      queue.push(respond)
      work()
    }
  }
}

/** Refuses requests at once while that many are in work. */
export function refusing(count: (nowMs: number) => number, serviceMs: () => number, refusal: Reply): Server {
  return world => {
    let busy = 0
    return respond => {
      if (busy >= count(world.nowMs())) return world.after(1, () => respond(refusal))
      busy++
      world.after(serviceMs(), () => {
        busy--
        respond(OK)
      })
    }
  }
}

/** Every request in work slows down those that start meanwhile. */
export function crowding(serviceMs: () => number, doublesAt: number): Server {
  return world => {
    let busy = 0
    return respond => {
      busy++
      world.after(serviceMs() * (1 + busy / doublesAt), () => {
        busy--
        respond(OK)
      })
    }
  }
}

export interface Load {
  readonly server: Server
  readonly limit: Limit & { readonly size: number; learn?(ended: EndedAttempt): void }
  readonly random: Random
  readonly untilMs: number
  /** Results before this time do not count. */
  readonly fromMs: number
  /** Milliseconds between two requests of an open workload. Absent: there is always one more. */
  readonly everyMs?: () => number
  /** Called with the limit after each answer. */
  readonly watch?: (nowMs: number, size: number, running: number) => void
}

export interface Measured {
  /** Good answers per second. */
  readonly perSecond: number
  readonly p99Ms: number
  readonly throttled: number
  /** The limit, averaged over time. */
  readonly meanSize: number
}

/** Slots do not depend on the call. */
const CALL = {} as Call
const MAX_JITTER_MS = 1_000

export function run({ server, limit, random, untilMs, fromMs, everyMs, watch }: Load): Measured {
  const events = new Heap<Event>(byDueTime)
  let nowMs = 0
  const after = (delayMs: number, happen: () => void): void => {
    events.add({ dueAtMs: nowMs + delayMs, heapIndex: -1, run: happen })
  }
  const ask = server({ nowMs: () => nowMs, after })

  let running = 0
  let backlog = everyMs === undefined ? Infinity : 0
  let pausedAtMs = -Infinity
  let pausedUntilMs = -Infinity
  let throttledRounds = 0
  let allowed = Infinity
  let throttled = 0
  let sizeMs = 0
  let sizeAtMs = fromMs
  const latencies: number[] = []

  const start = (): void => {
    const startedAtMs = nowMs
    backlog--
    running++
    limit.book(nowMs, CALL)
    ask(reply => {
      running--
      if (nowMs >= fromMs) {
        sizeMs += (nowMs - sizeAtMs) * limit.size
        sizeAtMs = nowMs
      }
      limit.release?.(CALL)
      limit.learn?.({ startedAtMs, nowMs, verdict: reply.verdict })
      watch?.(nowMs, limit.size, running)
      if (reply.verdict === 'overload' && reply.pauses !== false) throttle(reply, startedAtMs)
      if (reply.verdict === 'ok') {
        if (nowMs >= fromMs) latencies.push(nowMs - startedAtMs)
        if (startedAtMs >= pausedUntilMs) {
          throttledRounds = 0
          allowed *= 2
        }
      }
      pump()
    })
  }
  const throttle = ({ retryAfterMs }: Reply, startedAtMs: number): void => {
    if (nowMs >= fromMs) throttled++
    // One burst of refusals is one round.
    if (startedAtMs >= pausedAtMs) throttledRounds++
    pausedAtMs = nowMs
    const ownMs = random() * Math.min(30_000, 500 * 2 ** (throttledRounds - 1))
    const waitMs = retryAfterMs === undefined ? ownMs : retryAfterMs + Math.min(ownMs, MAX_JITTER_MS)
    pausedUntilMs = Math.max(pausedUntilMs, nowMs + waitMs)
    allowed = 1
    after(pausedUntilMs - nowMs, pump)
  }
  const mayStart = (): boolean =>
    backlog > 0 && nowMs >= pausedUntilMs && running < allowed && limit.waitMs(nowMs, CALL) === 0
  const pump = (): void => {
    while (mayStart()) start()
  }
  const come = (): void => {
    backlog++
    pump()
    after(everyMs?.() ?? Infinity, come)
  }

  if (everyMs === undefined) pump()
  else come()
  for (let event = events.peek(); event !== undefined && event.dueAtMs <= untilMs; event = events.peek()) {
    events.remove(event)
    nowMs = event.dueAtMs
    event.run()
  }
  latencies.sort((a, b) => a - b)
  const measuredMs = untilMs - fromMs
  return {
    perSecond: (latencies.length / measuredMs) * 1_000,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
    throttled,
    meanSize: sizeMs / (sizeAtMs - fromMs),
  }
}
