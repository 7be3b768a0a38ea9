/** The one cause that keeps a further attempt from the wire at a given moment. */
import type { Limiting } from '../../core/attribution.ts'
import type { Census } from '../../engine/census.ts'

/** Attempts that wait at limits, by what they wait for. */
export interface Waits {
  readonly slot: number
  readonly rate: number
  readonly pause: number
}

export interface Moment {
  /** Outcomes are given out in the order of the input. */
  readonly inOrder: boolean
  readonly census: Census
  readonly waits: Waits
  /** All slots are in use. */
  readonly isFull: boolean
  /** Attempts that hold a slot. */
  readonly running: number
  /** How busy the event loop was since the moment before, from 0 to 1. */
  readonly busy: number
  /** Whether answers take much longer while most slots are in use. */
  readonly isSaturated: boolean
}

const BUSY = 0.9

/** The cause, and the share of the time that goes to retries instead. Undefined if no request was open. */
export function causeOf(moment: Moment): { readonly cause: Limiting; readonly repeats: number } | undefined {
  const { census, busy, isSaturated, inOrder } = moment
  if (isConsumerSlow(census, inOrder)) return only('consumer')
  const kind = blockerOf(moment)
  if (kind === 'rate' || kind === 'pause') return only(kind)
  if (busy >= BUSY) return only('cpu')
  if (kind === 'slot') {
    if (areSlotsLent(moment)) return only('consumer')
    const { repeated, onWire } = census
    return { cause: isSaturated ? 'server' : 'concurrency', repeats: onWire === 0 ? 0 : repeated / onWire }
  }
  return unblocked(census)
}

const only = (cause: Limiting): { readonly cause: Limiting; readonly repeats: number } => ({ cause, repeats: 0 })

/**
 * The window may also be full of requests that wait, for example for a paused host. In input order, outcomes may wait for
 * an earlier request, which is still open then.
 */
function isConsumerSlow({ isWindowFull, untaken, open }: Census, inOrder: boolean): boolean {
  return isWindowFull && untaken > 0 && (inOrder ? open === 0 : untaken >= open)
}

/** Whether most of those that hold a slot wait for a hook, `auth` or `onChunk`. */
function areSlotsLent({ census, running }: Moment): boolean {
  const { inCallback, onWire } = census
  return inCallback > onWire && 2 * onWire < running
}

/** What most attempts wait for. If all slots are in use, other limits do not matter. */
function blockerOf({ census, waits, isFull }: Moment): keyof Waits | undefined {
  const { slot, rate, pause } = waits
  const all = slot + rate + pause
  if (isFull && (all > 0 || census.input === 'more')) return 'slot'
  if (all === 0) return undefined
  if (slot >= rate && slot >= pause) return 'slot'
  return rate >= pause ? 'rate' : 'pause'
}

/** Nothing waits at a limit. */
function unblocked({
  onWire,
  backingOff,
  polling,
  inCallback,
  input,
  isWindowFull,
}: Census): ReturnType<typeof causeOf> {
  if (isWindowFull && inCallback > onWire + backingOff + polling) return only('consumer')
  if (input === 'awaited') return only('input')
  if (backingOff > onWire + polling) return only('retries')
  if (onWire + polling > 0) return only('server')
  return inCallback > 0 ? only('consumer') : undefined
}
