/**
 * Concurrency that finds itself, as a Limit: as many places as raise the throughput, and few more.
 *
 * The optimum is the bandwidth-delay product, throughput × latency without a queue (Kleinrock 1979; BBR, Cardwell
 * et al. 2016), so the limit is HEADROOM × places × gradient, where gradient = cost at half the places / cost at all
 * of them (Gradient2, Netflix concurrency-limits; cost: `round.ts`). HEADROOM leaves room for noise to both sides: a
 * knee at 12 gives 16. Places double while they cost nothing. Refusals take away as many places as were refused, at
 * most half per burst (after Chiu & Jain 1989), and what was refused is left alone for a time that doubles.
 */
import type { Limit } from './limit.ts'
import { Round } from './round.ts'
import type { Measure } from './round.ts'

export interface AdaptiveParts {
  readonly max: number
  readonly initial?: number
}

/** An attempt that is over. */
export interface Ended {
  readonly startedAtMs: number
  readonly nowMs: number
  /** `overload`: refused, or not answered in time. `failed`: otherwise not answered well. `ignored`: says nothing. */
  readonly verdict: 'ok' | 'overload' | 'failed' | 'ignored'
}

export interface Adaptive extends Limit {
  /** Places at present, a whole number from 1 to the maximum. */
  readonly size: number
  /** MUST be called once for each attempt that was booked, after its release. */
  learn(ended: Ended): void
}

type Phase =
  /** At more places than before; `baseMs` is the cost at fewer. */
  | { readonly kind: 'growing'; readonly baseMs: number | undefined }
  | Holding
  /** At half the places for one round, to see what an answer costs without a queue. */
  | { readonly kind: 'lowered'; readonly size: number; readonly costMs: number }

/** At what was found. */
interface Holding {
  readonly kind: 'holding'
  readonly untilMs: number
  /** Mean cost of so many rounds since then. */
  readonly costMs: number
  readonly rounds: number
  /** The last round differed from those before: twice in a row is no chance. */
  readonly drifted: boolean
}

/** What was refused lately: nothing above `size` is tried until then. */
interface Ceiling {
  readonly size: number
  readonly waitMs: number
  readonly untilMs: number
}

/** Attempts in flight at the first refusal are one burst: together they take no more than down to `floor`. */
interface Burst {
  readonly sinceMs: number
  readonly floor: number
}

const DEFAULT_INITIAL = 8
const HEADROOM = 4 / 3
/** The same cost, as far as a round can tell. */
const SAME = 0.9
/** Less than this part, and the next look must not wait. */
const MUCH_LESS = 0.8
/** Another cost than this part, and something has changed at the server. */
const DRIFT = 0.25
/** Rounds at one level that its mean cost is made of. */
const MAX_ROUNDS = 10

const PROBING_ERROR = 0.1
const HOLDING_ERROR = 0.06

/** Between two looks at half the places: so long, and so many times as long as the look took, which costs up to half. */
const HOLD_MS = 10_000
const HOLD_ROUNDS = 15
const AVOID_MS = 10_000
const MAX_AVOID_MS = 160_000
/** As many good answers per place before a refusal, and the level was not its cause. */
const ISOLATED = 4
/** An attempt that took so many times the usual was not stopped by the load that others got through. */
const OUTLIER = 10
/** Nothing heard for so long, and what was learnt may be forgotten. */
const FORGET_MS = 300_000

export function adaptive({ max, initial = DEFAULT_INITIAL }: AdaptiveParts): Adaptive {
  let size = Math.max(1, Math.min(max, Math.floor(initial)))
  let running = 0
  let phase: Phase = { kind: 'growing', baseMs: undefined }
  let round: Round | undefined
  let ceiling: Ceiling | undefined
  let burst: Burst | undefined
  let goodInRow = 0
  let usualMs: number | undefined
  let heardAtMs = -Infinity

  const enter = (next: Phase, places: number, nowMs: number): void => {
    phase = next
    size = Math.max(1, places)
    round = new Round(next.kind === 'holding' ? HOLDING_ERROR : PROBING_ERROR, nowMs)
  }

  /** As many as may be tried now. */
  const allowed = (places: number, nowMs: number): number =>
    Math.min(places, max, ceiling !== undefined && nowMs < ceiling.untilMs ? ceiling.size : Infinity)

  /** Stays for a time before the next look; `forMs` 0: only until there is one more round to compare with. */
  const hold = (places: number, nowMs: number, forMs: number): void => {
    const avoidMs = ceiling !== undefined && places >= ceiling.size ? ceiling.untilMs : nowMs
    const untilMs = Math.max(nowMs + forMs, avoidMs)
    enter({ kind: 'holding', untilMs, costMs: 0, rounds: 0, drifted: false }, allowed(places, nowMs), nowMs)
  }

  /** Nothing to change for now. */
  const settle = (places: number, nowMs: number, tookMs: number): void => {
    hold(places, nowMs, Math.max(HOLD_MS, HOLD_ROUNDS * tookMs))
  }

  const grow = (places: number, { costMs, tookMs }: Measure, nowMs: number): void => {
    const target = allowed(places, nowMs)
    if (target <= size) settle(size, nowMs, tookMs)
    else enter({ kind: 'growing', baseMs: costMs }, target, nowMs)
  }

  const grown = (baseMs: number | undefined, measure: Measure, nowMs: number): void => {
    if (ceiling !== undefined && size > ceiling.size) ceiling = undefined
    if (baseMs === undefined || baseMs >= SAME * measure.costMs) return grow(2 * size, measure, nowMs)
    const target = Math.round((HEADROOM * size * baseMs) / measure.costMs)
    // Looked at again at once, but from one place there is no way down to look from.
    if (target > 1) hold(target, nowMs, 0)
    else settle(1, nowMs, measure.tookMs)
  }

  const held = (holding: Holding, measure: Measure, nowMs: number): void => {
    const { rounds, drifted, untilMs } = holding
    const isOther = rounds > 0 && Math.abs(Math.log(measure.costMs / holding.costMs)) > Math.log(1 + DRIFT)
    const hasChanged = isOther && drifted
    const meanMs = isOther ? holding.costMs : (holding.costMs * rounds + measure.costMs) / (rounds + 1)
    if (!hasChanged && nowMs < untilMs) {
      phase = {
        ...holding,
        costMs: meanMs,
        rounds: isOther ? rounds : Math.min(rounds + 1, MAX_ROUNDS),
        drifted: isOther,
      }
      round = new Round(HOLDING_ERROR, nowMs)
      return
    }
    const present = hasChanged ? measure : { ...measure, costMs: meanMs }
    const isAtCeiling = ceiling !== undefined && size === ceiling.size
    const isTry = size === 1 || (isAtCeiling && !hasChanged)
    if (isTry) return grow(Math.max(size + 1, Math.round(HEADROOM * size)), present, nowMs)
    enter({ kind: 'lowered', size, costMs: present.costMs }, Math.floor(size / 2), nowMs)
  }

  const lowered = (places: number, highMs: number, measure: Measure, nowMs: number): void => {
    const gradient = Math.min(1, measure.costMs / highMs)
    const target = Math.round(HEADROOM * places * gradient)
    size = places
    if (gradient >= SAME) return grow(Math.max(places + 1, target), measure, nowMs)
    if (target >= MUCH_LESS * places || target <= 1) return settle(target, nowMs, measure.tookMs)
    hold(target, nowMs, 0)
  }

  const measured = (measure: Measure, nowMs: number): void => {
    usualMs = measure.costMs
    if (phase.kind === 'growing') grown(phase.baseMs, measure, nowMs)
    else if (phase.kind === 'holding') held(phase, measure, nowMs)
    else lowered(phase.size, phase.costMs, measure, nowMs)
  }

  /** Something else held the requests back: no verdict on the level. */
  const voided = (nowMs: number): void => {
    if (phase.kind === 'holding') round = new Round(HOLDING_ERROR, nowMs)
    else if (phase.kind === 'lowered') settle(phase.size, nowMs, 0)
    else if (phase.baseMs !== undefined) hold(size, nowMs, 0)
    else round = new Round(PROBING_ERROR, nowMs)
  }

  const refused = ({ startedAtMs, nowMs }: Ended): void => {
    const places = phase.kind === 'lowered' ? phase.size : size
    if (burst !== undefined && startedAtMs <= burst.sinceMs) {
      if (places > burst.floor) shrink(places - 1, nowMs)
      return
    }
    // Refused though nothing else was running: that is about time, not about concurrency.
    if (running === 0) return
    const isIsolated = phase.kind !== 'growing' && goodInRow >= ISOLATED * places
    goodInRow = 0
    if (isIsolated) return
    burst = { sinceMs: nowMs, floor: Math.max(1, Math.floor(places / 2)) }
    // Only a try above what was known to be refused confirms it.
    const knownMs = ceiling !== undefined && places > ceiling.size ? ceiling.waitMs : 0
    const waitMs = Math.max(AVOID_MS, Math.min(2 * knownMs, MAX_AVOID_MS))
    ceiling = { size: places, waitMs, untilMs: nowMs + waitMs }
    shrink(Math.max(burst.floor, Math.min(places - 1, running)), nowMs)
  }

  const shrink = (places: number, nowMs: number): void => {
    if (ceiling !== undefined) ceiling = { ...ceiling, size: places }
    hold(places, nowMs, 0)
  }

  return {
    waitsFor: 'place',
    get size() {
      return size
    },
    isFull: () => running >= size,
    isIdle: nowMs => running === 0 && nowMs - heardAtMs >= FORGET_MS,
    waitMs: () => (running < size ? 0 : Infinity),
    book(nowMs) {
      round ??= new Round(PROBING_ERROR, nowMs)
      round.moved(nowMs, running++, size)
    },
    release: () => void running--,
    learn(ended) {
      const { startedAtMs, nowMs, verdict } = ended
      const latencyMs = nowMs - startedAtMs
      heardAtMs = nowMs
      round?.moved(nowMs, running + 1, size)
      if (verdict === 'overload' && !(usualMs !== undefined && latencyMs > OUTLIER * usualMs)) return refused(ended)
      if (verdict !== 'ok') return
      goodInRow++
      const measure = round?.answer({ nowMs, latencyMs, size, running })
      if (measure === 'void') voided(nowMs)
      else if (measure !== undefined) measured(measure, nowMs)
    },
  }
}
