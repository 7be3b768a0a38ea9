/**
 * A run as an async iterable. The first `next()` starts it. It yields outcomes as they finish or in the order of the
 * input, and aborts what is in flight when the loop is left.
 */
import type { Run } from './engine.ts'
import { isThenable } from '../core/callback.ts'
import type { Outcome } from '../core/outcome.ts'
import { Ring } from '../core/ring.ts'
import type { Statistics } from '../core/statistics.ts'

/** Puts outcomes into an order. */
export interface Order {
  /** Takes an outcome, and calls `offer` for each outcome whose turn has come with it. */
  take(outcome: Outcome, offer: (outcome: Outcome) => void): void
}

type Next = IteratorResult<Outcome, undefined>

interface Waiting {
  readonly resolve: (next: Next) => void
  readonly reject: (error: unknown) => void
}

/** Makes the run of a stream when the first outcome is requested. */
export type StartRun = (
  deliver: (outcome: Outcome) => void,
  ended: (inputError: { readonly error: unknown } | undefined) => void,
) => Run | Promise<Run>

const END_OF_STREAM: Next = { done: true, value: undefined }

interface StreamFailure {
  readonly error: unknown
}

type Tell = (run: Run) => void

/**
 * The run behind the stream. `opening`: the first outcome was requested, and the run does not exist yet, because a file
 * is opened first; `tell` is called with the run before it starts. `over` settles when everything that the run had open
 * is closed. `ended`: the stream yields nothing more; the failure is reported once.
 */
type StreamState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'opening'; readonly over: PromiseWithResolvers<void>; readonly tell: Tell | undefined }
  | { readonly kind: 'running'; readonly run: Run; readonly over: PromiseWithResolvers<void> | undefined }
  | { readonly kind: 'ended'; readonly failure: StreamFailure | undefined }

type Event =
  | { readonly kind: 'open' }
  | { readonly kind: 'tell'; readonly tell: Tell }
  | { readonly kind: 'begin'; readonly run: Run }
  | { readonly kind: 'end'; readonly failure: StreamFailure | undefined }
  | { readonly kind: 'reported' }

const IDLE_STREAM: StreamState = { kind: 'idle' }
const ENDED_STREAM: StreamState = { kind: 'ended', failure: undefined }

function nextState(state: StreamState, event: Event): StreamState {
  switch (event.kind) {
    case 'open':
      return { kind: 'opening', over: Promise.withResolvers(), tell: undefined }
    case 'tell':
      // No outcome was requested, so no run is made.
      if (state.kind === 'idle') return ENDED_STREAM
      return state.kind === 'opening' ? { ...state, tell: event.tell } : state
    case 'begin':
      return { kind: 'running', run: event.run, over: state.kind === 'opening' ? state.over : undefined }
    case 'end':
      return event.failure === undefined ? ENDED_STREAM : { kind: 'ended', failure: event.failure }
    case 'reported':
      return ENDED_STREAM
  }
}

export class OutcomeStream implements AsyncIterableIterator<Outcome, undefined, void> {
  /** What the run has counted so far; empty before the first outcome was requested. */
  readonly statistics: () => Statistics
  /** Called when the consumer has taken everything, or has left; perhaps several times. */
  readonly #taken: () => void
  readonly #startRun: StartRun
  readonly #order: Order | undefined
  readonly #ready = new Ring<Outcome>()
  readonly #waiting = new Ring<Waiting>()
  #state: StreamState = IDLE_STREAM
  /** The consumer waits for an outcome, works on one, or has left the loop and reads nothing more. */
  #consumer: 'idle' | 'working' | 'gone' = 'idle'
  #isIterated = false

  /** @param order undefined: as they finish */
  constructor(startRun: StartRun, order: Order | undefined, statistics: () => Statistics, taken: () => void) {
    this.statistics = statistics
    this.#taken = taken
    this.#startRun = startRun
    this.#order = order
  }

  [Symbol.asyncIterator](): this {
    if (this.#isIterated)
      throw new TypeError('stream: expected to be iterated once, got a second loop. Call stream() again.')
    this.#isIterated = true
    return this
  }

  next(): Promise<Next> {
    if (this.#state.kind === 'idle') {
      try {
        this.#start()
      } catch (error) {
        // The client has been closed, or the input cannot be iterated. The stream reports it once and is over.
        this.#state = nextState(this.#state, { kind: 'end', failure: undefined })
        return Promise.reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    this.#giveBack()
    const outcome = this.#ready.shift()
    if (outcome !== undefined) {
      this.#consumer = 'working'
      return Promise.resolve({ done: false, value: outcome })
    }
    if (this.#state.kind === 'ended' || this.#consumer === 'gone') return this.#finish()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /**
   * The loop was left: aborts what is in flight. Resolves when that is over, so that the next run may open the file.
   */
  return(): Promise<Next> {
    this.#consumer = 'gone'
    this.abort(new Error('the loop over the stream was left'))
    this.#discard()
    this.#taken()
    const over = 'over' in this.#state ? this.#state.over : undefined
    return over === undefined ? Promise.resolve(END_OF_STREAM) : over.promise.then(() => END_OF_STREAM)
  }

  /**
   * Pulls no more. Attempts in flight finish; all other requests end as `aborted/…`. The outcomes can still be read.
   */
  stop(): void {
    this.#tell(run => run.stop())
  }

  /** Ends everything now. The outcomes can still be read. */
  abort(reason: unknown = new Error('the stream was aborted')): void {
    this.#tell(run => run.abort(reason))
  }

  /** Passes the order to the run, now or as soon as it exists. If no outcome was requested yet, no run will start. */
  #tell(tell: Tell): void {
    if (this.#state.kind === 'running') tell(this.#state.run)
    const wasIdle = this.#state.kind === 'idle'
    this.#state = nextState(this.#state, { kind: 'tell', tell })
    if (wasIdle) this.#discard()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #start(): void {
    const made = this.#startRun(
      outcome => this.#take(outcome),
      failure => this.#end(failure),
    )
    if (!isThenable(made)) return this.#begin(made)
    this.#state = nextState(this.#state, { kind: 'open' })
    made.then(run => this.#begin(run)).catch((error: unknown) => this.#end({ error }))
  }

  #begin(run: Run): void {
    const tell = this.#state.kind === 'opening' ? this.#state.tell : undefined
    this.#state = nextState(this.#state, { kind: 'begin', run })
    // Before the start, so that a run that was stopped sends nothing.
    tell?.(run)
    run.start()
  }

  #end(failure: StreamFailure | undefined): void {
    const over = 'over' in this.#state ? this.#state.over : undefined
    this.#state = nextState(this.#state, { kind: 'end', failure })
    over?.resolve()
    this.#wakeAll()
  }

  #take(outcome: Outcome): void {
    if (this.#consumer === 'gone') return
    if (this.#order === undefined) return this.#offer(outcome)
    this.#order.take(outcome, due => this.#offer(due))
  }

  #offer(outcome: Outcome): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return this.#ready.push(outcome)
    waiting.resolve({ done: false, value: outcome })
    this.#consumer = 'working'
    // Another `next()` is waiting already: a consumer that calls it ahead must not block itself.
    if (this.#waiting.size > 0) this.#giveBack()
  }

  /** An outcome counts as given back once the consumer asks for more: until then the consumer works on it. */
  #giveBack(): void {
    if (this.#consumer !== 'working') return
    this.#consumer = 'idle'
    if (this.#state.kind === 'running') this.#state.run.give()
  }

  /** Drops the outcomes that have not been read. */
  #discard(): void {
    this.#ready.filter(() => false)
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      this.#finish().then(waiting.resolve, waiting.reject)
    }
  }

  #finish(): Promise<Next> {
    this.#taken()
    if (this.#state.kind !== 'ended' || this.#state.failure === undefined) return Promise.resolve(END_OF_STREAM)
    const { error } = this.#state.failure
    this.#state = nextState(this.#state, { kind: 'reported' })
    return Promise.reject(error)
  }
}
