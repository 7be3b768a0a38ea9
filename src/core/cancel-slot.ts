/**
 * The current holder of a request, and how to cancel the request there.
 *
 * One holder at a time has the request (a queue, a back-off, a poll, the wire, a caller's function), so one slot for its cancel
 * callback is enough. An AbortSignal per request would have to be derived, listened to and released for each request.
 */
import type { Fault } from './result.ts'

export type HoldPlace = 'queue' | 'backoff' | 'polling' | 'wire' | 'callback'

/**
 * `open`: the request may go on. `stopping`: an attempt on the wire may finish, and no further attempt may start.
 * `cancelled`: the request is over, whatever its attempt returns; `isStopped` if the run was also told to stop.
 */
type CancelState =
  | { readonly kind: 'open' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'cancelled'; readonly fault: Fault; readonly isStopped: boolean }

type CancelOrder = { readonly kind: 'stop' } | { readonly kind: 'cancel'; readonly fault: Fault }

const OPEN: CancelState = { kind: 'open' }
const STOPPING: CancelState = { kind: 'stopping' }
const STOP: CancelOrder = { kind: 'stop' }

/** The first fault is kept; a stop is recorded beside it. */
function nextCancelState(state: CancelState, order: CancelOrder): CancelState {
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

  /** The fault that ended the request; undefined while it may go on. */
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

  /**
   * Registers the current holder and its cancel callback, in place of the earlier one. If the request is cancelled
   * already, the callback is called at once.
   */
  hold(place: HoldPlace, onCancel: (fault: Fault) => void): void {
    if (this.#state.kind === 'cancelled') return onCancel(this.#state.fault)
    this.#place = place
    this.#onCancel = onCancel
  }

  /** The holder waits for a function of the caller, and remains the one to cancel. Returns what ends that. */
  lend(): () => void {
    const place = this.#place
    this.#place = 'callback'
    return () => {
      this.#place = place
    }
  }

  free(): void {
    this.#onCancel = undefined
  }

  /** Ends the current step only: a limit of the attempt was exceeded, and a further attempt may follow. */
  interrupt(fault: Fault): void {
    const onCancel = this.#onCancel
    this.#onCancel = undefined
    onCancel?.(fault)
  }

  /** Ends the request. The first fault is kept. */
  cancel(fault: Fault): void {
    const isFirst = this.#state.kind !== 'cancelled'
    this.#state = nextCancelState(this.#state, { kind: 'cancel', fault })
    if (isFirst) this.interrupt(fault)
  }

  /** Whether it waits, and has nothing on the wire. */
  get isWaiting(): boolean {
    return this.#place === 'queue' || this.#place === 'backoff' || this.#place === 'polling'
  }

  /** Lets an attempt on the wire, or a function of the caller, finish. In any other state the request ends now. */
  stop(fault: Fault): void {
    this.#state = nextCancelState(this.#state, STOP)
    if (this.isWaiting) this.cancel(fault)
  }
}
