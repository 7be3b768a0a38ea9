/**
 * Adaptive concurrency, as a Limit: finds the smallest number of slots that gives nearly the highest throughput.
 *
 * The optimum is the bandwidth-delay product, throughput × latency without a queue (Kleinrock 1979; BBR, Cardwell et
 * al. 2016). The limit is therefore HEADROOM × slots × gradient, where gradient = cost at half the slots / cost at all
 * of them (Gradient2, Netflix concurrency-limits; `round.ts` defines cost). HEADROOM leaves room for noise on both
 * sides: a knee at 12 gives 16. The number of slots doubles while doubling costs nothing. Refusals remove as many slots
 * as were refused, at most half per burst (after Chiu & Jain 1989). A refused level is not tried again for a time that
 * doubles.
 */
import type { Limit } from './limit.ts'
import { Round } from './round.ts'
import type { Measure } from './round.ts'

export interface AdaptiveParts {
  readonly max: number
  readonly initial?: number
}

/** An attempt that has ended. */
export interface EndedAttempt {
  readonly startedAtMs: number
  readonly nowMs: number
  /** `overload`: refused, or no answer in time. `failed`: any other bad answer. `ignored`: no information. */
  readonly verdict: 'ok' | 'overload' | 'failed' | 'ignored'
}

export interface Adaptive extends Limit {
  /** Current number of slots: a whole number from 1 to the maximum. */
  readonly size: number
  /** MUST be called once for each attempt that was booked, after its release. */
  learn(ended: EndedAttempt): void
}

type AdaptivePhase =
  /** More slots than before; `baseMs` is the cost at the previous number. */
  | { readonly kind: 'growing'; readonly baseMs: number | undefined }
  | Holding
  /** Half the slots for one round, to measure what an answer costs without a queue. */
  | { readonly kind: 'lowered'; readonly size: number; readonly costMs: number }

/** Stays at the level that was found. */
interface Holding {
  readonly kind: 'holding'
  readonly untilMs: number
  /** Mean cost over `rounds` rounds at this level. */
  readonly costMs: number
  readonly rounds: number
  /** The last round differed from those before it. Two in a row are taken for a real change. */
  readonly drifted: boolean
}

/** The level that was refused last: nothing above `size` is tried until `untilMs`. */
interface Ceiling {
  readonly size: number
  readonly waitMs: number
  readonly untilMs: number
}

/** Attempts in flight at the first refusal form one burst. Together they lower the limit to `floor` at most. */
interface Burst {
  readonly sinceMs: number
  readonly floor: number
}

const DEFAULT_INITIAL = 8
const HEADROOM = 4 / 3
/** Costs whose ratio is at least this count as equal. */
const SAME = 0.9
/** A target below this share of the current size is checked again at once. */
const MUCH_LESS = 0.8
/** A cost that differs by more than this share means that the server has changed. */
const DRIFT = 0.25
/** The mean cost of a level covers at most this many rounds. */
const MAX_ROUNDS = 10

const PROBING_ERROR = 0.1
const HOLDING_ERROR = 0.06

/**
 * Time between two probes at half the slots: HOLD_MS, or HOLD_ROUNDS times the length of the probe, which can cost up
 * to half of the throughput.
 */
const HOLD_MS = 10_000
const HOLD_ROUNDS = 15
const AVOID_MS = 10_000
const MAX_AVOID_MS = 160_000
/** After this many good answers per slot, a refusal was not caused by the level. */
const ISOLATED = 4
/** An attempt that took this many times the usual latency did not hang because of the load: others got through. */
const OUTLIER = 10
/** After this long without an answer, what was learnt may be forgotten. */
const FORGET_MS = 300_000

export function adaptive({ max, initial = DEFAULT_INITIAL }: AdaptiveParts): Adaptive {
  let size = Math.max(1, Math.min(max, Math.floor(initial)))
  let running = 0
  let phase: AdaptivePhase = { kind: 'growing', baseMs: undefined }
  let round: Round | undefined
  let ceiling: Ceiling | undefined
  let burst: Burst | undefined
  let goodInRow = 0
  let usualMs: number | undefined
  let heardAtMs = -Infinity

  const enter = (next: AdaptivePhase, slots: number, nowMs: number): void => {
    phase = next
    size = Math.max(1, slots)
    round = new Round(next.kind === 'holding' ? HOLDING_ERROR : PROBING_ERROR, nowMs)
  }

  /** The given number of slots, capped by the maximum and by a ceiling that still holds. */
  const allowed = (slots: number, nowMs: number): number =>
    Math.min(slots, max, ceiling !== undefined && nowMs < ceiling.untilMs ? ceiling.size : Infinity)

  /**
   * Stays at this level for `forMs` before the next probe. With 0 it stays only until one more round has been measured.
   */
  const hold = (slots: number, nowMs: number, forMs: number): void => {
    const avoidMs = ceiling !== undefined && slots >= ceiling.size ? ceiling.untilMs : nowMs
    const untilMs = Math.max(nowMs + forMs, avoidMs)
    enter({ kind: 'holding', untilMs, costMs: 0, rounds: 0, drifted: false }, allowed(slots, nowMs), nowMs)
  }

  /** Nothing needs to change for now. */
  const settle = (slots: number, nowMs: number, tookMs: number): void => {
    hold(slots, nowMs, Math.max(HOLD_MS, HOLD_ROUNDS * tookMs))
  }

  const grow = (slots: number, { costMs, tookMs }: Measure, nowMs: number): void => {
    const target = allowed(slots, nowMs)
    if (target <= size) settle(size, nowMs, tookMs)
    else enter({ kind: 'growing', baseMs: costMs }, target, nowMs)
  }

  const grown = (baseMs: number | undefined, measure: Measure, nowMs: number): void => {
    if (ceiling !== undefined && size > ceiling.size) ceiling = undefined
    if (baseMs === undefined || baseMs >= SAME * measure.costMs) return grow(2 * size, measure, nowMs)
    const target = Math.round((HEADROOM * size * baseMs) / measure.costMs)
    // Probes again at once. From one slot there is no lower level to probe.
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

  const lowered = (slots: number, highMs: number, measure: Measure, nowMs: number): void => {
    const gradient = Math.min(1, measure.costMs / highMs)
    const target = Math.round(HEADROOM * slots * gradient)
    size = slots
    if (gradient >= SAME) return grow(Math.max(slots + 1, target), measure, nowMs)
    if (target >= MUCH_LESS * slots || target <= 1) return settle(target, nowMs, measure.tookMs)
    hold(target, nowMs, 0)
  }

  const measured = (measure: Measure, nowMs: number): void => {
    usualMs = measure.costMs
    if (phase.kind === 'growing') grown(phase.baseMs, measure, nowMs)
    else if (phase.kind === 'holding') held(phase, measure, nowMs)
    else lowered(phase.size, phase.costMs, measure, nowMs)
  }

  /** Something else limited the requests, so this round says nothing about the level. */
  const voided = (nowMs: number): void => {
    if (phase.kind === 'holding') round = new Round(HOLDING_ERROR, nowMs)
    else if (phase.kind === 'lowered') settle(phase.size, nowMs, 0)
    else if (phase.baseMs !== undefined) hold(size, nowMs, 0)
    else round = new Round(PROBING_ERROR, nowMs)
  }

  const refused = ({ startedAtMs, nowMs }: EndedAttempt): void => {
    const slots = phase.kind === 'lowered' ? phase.size : size
    if (burst !== undefined && startedAtMs <= burst.sinceMs) {
      if (slots > burst.floor) shrink(slots - 1, nowMs)
      return
    }
    // Refused with nothing else in flight: the server limits the rate, not the concurrency.
    if (running === 0) return
    const isIsolated = phase.kind !== 'growing' && goodInRow >= ISOLATED * slots
    goodInRow = 0
    if (isIsolated) return
    burst = { sinceMs: nowMs, floor: Math.max(1, Math.floor(slots / 2)) }
    // Only a refusal above the known ceiling confirms it.
    const knownMs = ceiling !== undefined && slots > ceiling.size ? ceiling.waitMs : 0
    const waitMs = Math.max(AVOID_MS, Math.min(2 * knownMs, MAX_AVOID_MS))
    ceiling = { size: slots, waitMs, untilMs: nowMs + waitMs }
    shrink(Math.max(burst.floor, Math.min(slots - 1, running)), nowMs)
  }

  const shrink = (slots: number, nowMs: number): void => {
    if (ceiling !== undefined) ceiling = { ...ceiling, size: slots }
    hold(slots, nowMs, 0)
  }

  return {
    waitsFor: 'slot',
    label: "host concurrency 'auto'",
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
