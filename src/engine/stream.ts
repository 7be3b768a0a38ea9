/**
 * A run as an async iterable: starts with the first `next()`, gives outcomes as they finish or in the order of the
 * input, and aborts what is in flight when the loop is left.
 */
import type { Run } from './engine.ts'
import { isThenable } from '../core/callback.ts'
import type { Outcome } from '../core/outcome.ts'
import { Ring } from '../core/ring.ts'

type Next = IteratorResult<Outcome, undefined>

interface Waiting {
  readonly resolve: (next: Next) => void
  readonly reject: (error: unknown) => void
}

/** What makes the run of a stream, once it is asked for. */
export type StartRun = (
  deliver: (outcome: Outcome) => void,
  ended: (inputError: { readonly error: unknown } | undefined) => void,
) => Run | Promise<Run>

const DONE: Next = { done: true, value: undefined }

export class OutcomeStream implements AsyncIterableIterator<Outcome, undefined, void> {
  readonly #startRun: StartRun
  readonly #inOrder: boolean
  readonly #ready = new Ring<Outcome>()
  /** Finished before their turn, by index; bounded by the window. */
  readonly #early = new Map<number, Outcome>()
  readonly #waiting = new Ring<Waiting>()
  #nextIndex = 0
  #run: Run | undefined
  /** Of a run that has a file to close: settles when that is done. */
  #over: PromiseWithResolvers<void> | undefined
  /** Asked for, and not made yet. */
  #starting = false
  /** What was asked of the run before it was made. */
  #wish: ((run: Run) => void) | undefined
  #taken = false
  #handed = false
  #ended = false
  /** The loop was left: nobody reads what still comes. */
  #left = false
  #inputError: { readonly error: unknown } | undefined

  constructor(startRun: StartRun, inOrder: boolean) {
    this.#startRun = startRun
    this.#inOrder = inOrder
  }

  [Symbol.asyncIterator](): this {
    if (this.#taken)
      throw new TypeError('stream: expected to be iterated once, got a second loop. Call stream() again.')
    this.#taken = true
    return this
  }

  next(): Promise<Next> {
    if (this.#run === undefined && !this.#starting && !this.#ended) {
      try {
        this.#start()
      } catch (error) {
        // The client has been closed, or the input cannot be iterated: said once, then the stream is over.
        this.#ended = true
        return Promise.reject(error instanceof Error ? error : new Error(String(error)))
      }
    }
    this.#giveBack()
    const outcome = this.#ready.shift()
    if (outcome !== undefined) {
      this.#handed = true
      return Promise.resolve({ done: false, value: outcome })
    }
    if (this.#ended) return this.#finish()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** The loop was left: what is in flight is given up. When that is over the next run may have the file. */
  return(): Promise<Next> {
    this.#left = true
    this.abort(new Error('the loop over the stream was left'))
    this.#close()
    return this.#over === undefined ? Promise.resolve(DONE) : this.#over.promise.then(() => DONE)
  }

  /** No more pulls; attempts in flight finish; the rest is `aborted/…`. The outcomes can still be read. */
  stop(): void {
    this.#tell(run => run.stop())
  }

  /** Ends everything now. The outcomes can still be read. */
  abort(reason: unknown = new Error('the stream was aborted')): void {
    this.#tell(run => run.abort(reason))
  }

  /** Now, or as soon as there is a run; none will come of one that was never asked for. */
  #tell(wish: (run: Run) => void): void {
    if (this.#run !== undefined) wish(this.#run)
    else if (this.#starting) this.#wish = wish
    else this.#close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #start(): void {
    const made = this.#startRun(
      outcome => this.#take(outcome),
      inputError => this.#end(inputError),
    )
    if (!isThenable(made)) return this.#begin(made)
    this.#starting = true
    this.#over = Promise.withResolvers()
    made.then(run => this.#begin(run)).catch((error: unknown) => this.#end({ error }))
  }

  #begin(run: Run): void {
    this.#run = run
    this.#starting = false
    // First, so that nothing is sent of what nobody wants any more.
    this.#wish?.(run)
    run.start()
  }

  #end(inputError: { readonly error: unknown } | undefined): void {
    this.#starting = false
    this.#inputError = inputError
    this.#ended = true
    this.#over?.resolve()
    this.#wakeAll()
  }

  #take(outcome: Outcome): void {
    if (this.#left) return
    if (!this.#inOrder) return this.#offer(outcome)
    this.#early.set(outcome.index, outcome)
    for (let next = this.#early.get(this.#nextIndex); next !== undefined; next = this.#early.get(this.#nextIndex)) {
      this.#early.delete(this.#nextIndex++)
      this.#offer(next)
    }
  }

  #offer(outcome: Outcome): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) return this.#ready.push(outcome)
    waiting.resolve({ done: false, value: outcome })
    this.#handed = true
    // Somebody else is asking already; one who calls `next()` ahead must not wait for himself.
    if (this.#waiting.size > 0) this.#giveBack()
  }

  /** What was handed out counts as given back once the consumer asks for more: until then he works on it. */
  #giveBack(): void {
    if (!this.#handed) return
    this.#handed = false
    this.#run?.give()
  }

  #close(): void {
    this.#ended = true
    this.#ready.filter(() => false)
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (let waiting = this.#waiting.shift(); waiting !== undefined; waiting = this.#waiting.shift()) {
      this.#finish().then(waiting.resolve, waiting.reject)
    }
  }

  #finish(): Promise<Next> {
    const failed = this.#inputError
    this.#inputError = undefined
    return failed === undefined ? Promise.resolve(DONE) : Promise.reject(failed.error)
  }
}
