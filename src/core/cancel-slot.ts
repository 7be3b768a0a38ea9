/**
 * Where a request is, and how to get it back from there.
 *
 * A request is in one place at a time (a queue, a back-off, the wire, a caller's function), so one slot for "whom to tell
 * about a cancellation" is enough. An AbortSignal per request would have to be derived, listened to and released again
 * for every one of them.
 */
import type { Fault } from './result.ts'

export type HoldPlace = 'queue' | 'backoff' | 'wire' | 'callback'

/**
 * `open`: anything may follow. `stopping`: what is on the wire may finish, and no further attempt may start.
 * `cancelled`: over for good, whatever comes back; `isStopped` when the run was also told to stop.
 */
type CancelState =
  | { readonly kind: 'open' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'cancelled'; readonly fault: Fault; readonly isStopped: boolean }

type CancelOrder = { readonly kind: 'stop' } | { readonly kind: 'cancel'; readonly fault: Fault }

const OPEN: CancelState = { kind: 'open' }
const STOPPING: CancelState = { kind: 'stopping' }
const STOP: CancelOrder = { kind: 'stop' }

/** The first fault stands; a stop is remembered beside it. */
function next(state: CancelState, order: CancelOrder): CancelState {
  if (order.kind === 'cancel') {
    return state.kind === 'cancelled'
      ? state
      : { kind: 'cancelled', fault: order.fault, isStopped: state.kind === 'stopping' }
  }
  if (state.kind === 'cancelled') return state.isStopped ? state : { ...state, isStopped: true }
  return STOPPING
}

export class CancelSlot {
  #state: CancelState = OPEN
  #place: HoldPlace = 'queue'
  #onCancel: ((fault: Fault) => void) | undefined = undefined

  /** Set once the request is over for good, whatever comes back. */
  get cancelled(): Fault | undefined {
    return this.#state.kind === 'cancelled' ? this.#state.fault : undefined
  }

  /** No further attempt may start, but the one on the wire may finish. */
  get stopping(): boolean {
    return this.#state.kind === 'stopping' || (this.#state.kind === 'cancelled' && this.#state.isStopped)
  }

  get place(): HoldPlace {
    return this.#place
  }

  /** The present holder says how to get the request back. Replaces the holder before; called at once after a cancel. */
  hold(place: HoldPlace, onCancel: (fault: Fault) => void): void {
    if (this.#state.kind === 'cancelled') return onCancel(this.#state.fault)
    this.#place = place
    this.#onCancel = onCancel
  }

  free(): void {
    this.#onCancel = undefined
  }

  /** Ends the present step only: an attempt's own limit struck, and a further attempt may follow. */
  interrupt(fault: Fault): void {
    const onCancel = this.#onCancel
    this.#onCancel = undefined
    onCancel?.(fault)
  }

  /** Ends the request: nothing may follow. The first fault stands. */
  cancel(fault: Fault): void {
    const isFirst = this.#state.kind !== 'cancelled'
    this.#state = next(this.#state, { kind: 'cancel', fault })
    if (isFirst) this.interrupt(fault)
  }

  /** Lets an attempt on the wire (or a caller's function) finish; everything else ends now. */
  stop(fault: Fault): void {
    this.#state = next(this.#state, STOP)
    if (this.#place === 'queue' || this.#place === 'backoff') this.cancel(fault)
  }
}
