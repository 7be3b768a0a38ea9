/** The limits at which attempts wait, and their names in advice. */
import type { Waits } from './cause.ts'
import type { Census } from '../../engine/census.ts'
import type { Gate } from '../../layer/gate.ts'
import type { Limit } from '../../policy/limit.ts'

/** A limit by its name for people. */
export interface NamedLimit {
  readonly name: string
  /** The option that raises it; undefined if none does. */
  readonly option: string | undefined
}

export interface LimitingNow {
  readonly waits: Waits
  /** The rate and the slots for which most attempts wait. */
  readonly rate: NamedLimit | undefined
  readonly slots: NamedLimit | undefined
}

export function limitingAt(gate: Gate, census: Pick<Census, 'queuedIn'>): LimitingNow {
  const waits = { slot: 0, rate: 0, pause: 0 }
  const most = { slot: 0, rate: 0, pause: 0 }
  let rate: NamedLimit | undefined
  let slots: NamedLimit | undefined
  for (const { limit, attempts, host } of waitingOf(gate, census)) {
    const { waitsFor } = limit
    waits[waitsFor] += attempts
    if (attempts <= most[waitsFor]) continue
    most[waitsFor] = attempts
    if (waitsFor === 'rate') rate = namedRate(limit, host)
    else if (waitsFor === 'slot') slots = named(limit, host)
  }
  // Where all slots are in use, those of a host do not matter.
  const { fullSlots } = gate
  return { waits, rate, slots: fullSlots === undefined ? slots : named(fullSlots, '') }
}

interface Waiting {
  readonly limit: Limit
  readonly attempts: number
  readonly host: string
}

/** Those of this run: another one of the same client may wait for something else. */
function waitingOf(gate: Gate, { queuedIn }: Pick<Census, 'queuedIn'>): Iterable<Waiting> {
  if (queuedIn.size === 0) return []
  const own = [...queuedIn].flatMap(([lane, attempts]) => {
    const found = gate.waitingIn(lane)
    return found === undefined ? [] : [{ ...found, attempts }]
  })
  // Redirects may have led to other lanes.
  return own.length > 0 ? own : gate.waiting()
}

const namedRate = (limit: Limit, host: string): NamedLimit =>
  named(limit, host) ?? { name: `the quota that ${host} publishes`, option: undefined }

/** Every host has its own limits with the same label. */
function named({ label, option }: Limit, host: string): NamedLimit | undefined {
  if (label === undefined) return undefined
  return { name: label.startsWith('host ') ? `${label.slice('host '.length)} of ${host}` : label, option }
}

/** The most limits that are counted separately: each host may have several. */
const MAX_LIMITS = 1_000

/** How long each limit was the cause. */
export class NamedLimits {
  readonly #limits = new Map<string, { readonly limit: NamedLimit; ms: number }>()

  note(limit: NamedLimit | undefined, ms: number): void {
    if (limit === undefined) return
    const known = this.#limits.get(limit.name)
    if (known !== undefined) known.ms += ms
    else if (this.#limits.size < MAX_LIMITS) this.#limits.set(limit.name, { limit, ms })
  }

  get most(): NamedLimit | undefined {
    const [first] = [...this.#limits.values()].toSorted((a, b) => b.ms - a.ms)
    return first?.limit
  }
}
