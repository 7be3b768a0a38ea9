/**
 * CPU per request of the gate alone: all requests enter, then each is answered as it comes through, on a transport that
 * costs nothing. Every case has the same number of queued requests at once, in as many gates as it takes. What 100,000
 * promises cost the memory and the garbage collector is then equal, and the rest is the gate's cost.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { median } from './measure.ts'
import { systemClock } from '../../src/client/system-clock.ts'
import { DEFAULT_CALL } from '../../src/config/plan.ts'
import { attempt } from '../../src/core/attempt.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { Call } from '../../src/core/call.ts'
import type { Reply, Result } from '../../src/core/result.ts'
import { Trip } from '../../src/core/trip.ts'
import { Gate } from '../../src/layer/gate.ts'
import { through } from '../../src/layer/passage.ts'
import { Lane } from '../../src/policy/lane.ts'
import { slots } from '../../src/policy/slots.ts'

const CASES: readonly (readonly [hosts: number, queued: number])[] = [
  [1, 1_000],
  [100, 10],
  [100, 1_000],
  [1_000, 100],
  [1, 100_000],
]
const REQUESTS = 100_000
const ROUNDS = 7
const SLOTS = 50
/** The bound that the project promises: the largest cost divided by the smallest. */
const BOUND = 1.5

export interface GateCost {
  readonly name: string
  readonly microseconds: number
  readonly spread: string
}

const REPLY: Reply = {
  kind: 'reply',
  status: 200,
  statusText: 'OK',
  headers: [],
  body: new Uint8Array(0),
  url: 'http://h0.test/',
  integrity: 'length',
  protocol: 'http/1.1',
}

// Otherwise the garbage of one case is collected during the next.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function attemptsFor(hosts: number, queued: number): Attempt[] {
  const origins = Array.from({ length: hosts }, (_, host) => `http://h${host}.test`)
  const made: Attempt[] = []
  for (let nth = 0; nth < queued; nth++) {
    for (const origin of origins) made.push(attempt(callTo(origin, made.length), 1, 0))
  }
  return made
}

function callTo(origin: string, index: number): Call {
  return {
    index,
    key: undefined,
    meta: undefined,
    method: 'GET',
    url: `${origin}/`,
    origin,
    lane: origin,
    costs: 1,
    path: '/',
    headers: [],
    body: undefined,
    credentials: undefined,
    atHome: true,
    replayable: true,
    repeatable: true,
    plan: DEFAULT_CALL,
    trip: new Trip(3, 0, Infinity),
  }
}

/** A gate, and the attempts that have passed it and wait for their answer. */
class World {
  readonly #gate = new Gate({
    limits: [slots(SLOTS)],
    slots: SLOTS,
    clock: systemClock,
    random: Math.random,
    laneOf: ({ lane }, shared, shares) => new Lane({ key: lane, shared, shares }),
  })
  readonly #send = through([this.#gate.layer], (_, done) => void this.#onWire.push(done))
  #onWire: ((result: Result) => void)[] = []
  #left = 0

  enter(attempts: readonly Attempt[]): void {
    this.#left += attempts.length
    for (const each of attempts) this.#send(each, () => void this.#left--)
  }

  async drain(): Promise<void> {
    while (this.#left > 0) {
      const answered = this.#onWire
      this.#onWire = []
      for (const answer of answered) answer(REPLY)
      await turn()
    }
  }
}

/** CPU microseconds per request, in and out, of gates that are all full before the first answer. */
async function round([hosts, queued]: readonly [number, number]): Promise<number> {
  const gates = REQUESTS / (hosts * queued)
  const worlds: { world: World; attempts: Attempt[] }[] = []
  for (let nth = 0; nth < gates; nth++) {
    const world = new World()
    // A new host costs more than a request, so each host is asked once before: this measures queues, not hosts.
    world.enter(attemptsFor(hosts, 1))
    await world.drain()
    worlds.push({ world, attempts: attemptsFor(hosts, queued) })
  }
  collect()
  const before = process.cpuUsage()
  for (const { world, attempts } of worlds) world.enter(attempts)
  for (const { world } of worlds) await world.drain()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / REQUESTS
}

export async function gateCosts(): Promise<{ rows: GateCost[]; ratio: number; isHeld: boolean; bound: number }> {
  const costsUs = CASES.map((): number[] => [])
  for (let nth = -1; nth < ROUNDS; nth++) {
    // The cases take turns, so that noise hits all alike. The first round is for the compiler.
    for (const [index, one] of CASES.entries()) {
      const us = await round(one)
      if (nth >= 0) costsUs[index]?.push(us)
    }
  }
  const rows = CASES.map(([hosts, queued], index): GateCost => {
    const us = costsUs[index] as number[]
    const name = `${hosts.toLocaleString('en')} × ${queued.toLocaleString('en')}`
    return { name, microseconds: median(us), spread: `${Math.min(...us).toFixed(2)}–${Math.max(...us).toFixed(2)}` }
  })
  const all = rows.map(({ microseconds }) => microseconds)
  const ratio = Math.max(...all) / Math.min(...all)
  return { rows, ratio, isHeld: ratio <= BOUND, bound: BOUND }
}
