/**
 * Runs a batch: pulls specs while there is room, sends them, hands out one outcome each.
 *
 * Knows no HTTP: how a spec becomes a Call, how a Call is sent and how its result becomes an outcome come in as
 * functions. `open` (pulled and not yet given back) is the one number that bounds memory, so a slow consumer, a paused
 * host and a slow head of an ordered stream all end in "stop pulling".
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { carry } from './carry.ts'
import { OpenCalls } from './open-calls.ts'
import type { Counts, EngineParts, RunOptions } from './ports.ts'
import type { Item, Pulled, Source } from './source.ts'
import type { Call } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import { InputError } from '../core/input-error.ts'
import type { Outcome } from '../core/outcome.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

type State = 'running' | 'stopping' | 'ended'

export class Run {
  readonly #parts: EngineParts
  readonly #source: Source
  readonly #options: RunOptions
  readonly #open = new OpenCalls()
  /** Pulling may be set off by another batch's answer; callers' functions still run in their own async context. */
  readonly #inCallersContext = AsyncLocalStorage.snapshot()
  #state: State = 'running'
  #started = false
  /** What was asked of the run before it was started. */
  #wish: (() => void) | undefined
  #halted = false
  #pulling = false
  #pumping = false
  #stopListening: () => void = () => undefined
  #exhausted = false
  #pulled = 0
  #held = 0
  #ok = 0
  #failed = 0
  #retries = 0
  #bytes = 0
  #aborted: { readonly reason: unknown } | undefined
  #inputError: { readonly error: unknown } | undefined

  constructor(source: Source, parts: EngineParts, options: RunOptions) {
    this.#source = source
    this.#parts = parts
    this.#options = options
  }

  get counts(): Counts {
    return {
      total: this.#source.size,
      pulled: this.#pulled,
      ok: this.#ok,
      failed: this.#failed,
      retries: this.#retries,
      bytes: this.#bytes,
    }
  }

  /** Why the run was ended before its time; undefined when it was not. */
  get aborted(): { readonly reason: unknown } | undefined {
    return this.#aborted
  }

  /** Ended by `stop()`, `abort()` or too many failures, so that its input may not have come to its end. */
  get halted(): boolean {
    return this.#halted
  }

  start(): void {
    this.#started = true
    if (this.#wish !== undefined) return this.#wish()
    const { signal } = this.#options
    if (signal?.aborted === true) return this.abort(signal.reason)
    // One listener per run, whatever its size; requests hear of it through their Trip.
    signal?.addEventListener('abort', this.#onSignal, { once: true })
    this.#stopListening = this.#options.capacity.attach({
      onCapacity: (lane, standing) => {
        if (lane !== undefined) this.#source.wake?.(lane, standing)
        this.#pump()
      },
      wants: standing => this.#state === 'running' && !this.#isWindowFull() && this.#source.wants?.(standing) === true,
      backlogOf: lane => (this.#exhausted ? 0 : (this.#source.backlogOf?.(lane) ?? 0)),
    })
    this.#pump()
  }

  readonly #onSignal = (): void => this.abort(this.#options.signal?.reason)

  /** The consumer has taken an outcome: there is room for another item. */
  give(): void {
    this.#held--
    this.#pump()
  }

  /** No more pulls; what is on the wire finishes, everything else ends now. */
  stop(why = 'the run was stopped'): void {
    if (!this.#started) return void (this.#wish ??= () => this.stop(why))
    this.#halt(
      call => call.trip.cancelSlot.stop(stopFault(call, why)),
      fault('aborted/not_started', `not sent: ${why}`),
    )
  }

  /** Ends everything now. */
  abort(reason: unknown, why = `the run was aborted: ${reasonOf(reason)}`): void {
    if (!this.#started) return void (this.#wish = () => this.abort(reason, why))
    if (this.#state !== 'ended') this.#aborted ??= { reason }
    this.#halt(
      call => call.trip.cancelSlot.cancel({ ...giveUpFault(call, why), cause: reason }),
      fault('aborted/not_started', `not sent: ${why}`, { cause: reason }),
    )
  }

  #halt(end: (call: Call) => void, reason: Fault): void {
    if (this.#state === 'ended') return
    const first = this.#state === 'running'
    this.#state = 'stopping'
    this.#halted = true
    for (const call of this.#open) end(call)
    if (!first) return
    this.#abandonRest(reason)
    if (!this.#exhausted) this.#source.close()
    this.#exhausted = true
    this.#endIfDone()
  }

  /** An input with a length accounts for every item; of a lazy one only what was pulled exists. */
  #abandonRest(reason: Fault): void {
    if (this.#source.size === undefined) return
    this.#source.takeRest((value, index) => {
      this.#pulled++
      this.#held++
      this.#deliver(this.#abandon(value, index, reason))
    })
    this.#exhausted = true
  }

  #abandon(item: unknown, index: number, reason: Fault): Outcome {
    try {
      return this.#parts.abandon(item, index, reason)
    } catch {
      // An item that throws when it is looked at still gets its outcome.
      return this.#parts.abandon('', index, reason)
    }
  }

  #pump(): void {
    // Delivering may make room, and an item that is refused is delivered within the pull: one loop, no recursion.
    if (this.#pumping || !this.#hasRoom()) return
    this.#pumping = true
    this.#inCallersContext(() => this.#pullAll())
    this.#pumping = false
  }

  #pullAll(): void {
    while (this.#hasRoom()) {
      let pulled
      try {
        pulled = this.#source.pull()
      } catch (error) {
        return this.#failInput(error)
      }
      if (isThenable(pulled)) return this.#await(pulled)
      if (pulled === 'later') return
      this.#receive(pulled)
    }
  }

  #receive(pulled: Pulled): void {
    // The input stopped the run from within: it could not be closed while it ran, and what it gave is nobody's.
    if (this.#state !== 'running') return this.#source.close()
    if (pulled === 'done') {
      this.#exhausted = true
      return this.#endIfDone()
    }
    if (pulled !== 'later') this.#take(pulled)
  }

  /**
   * Within the window, and somewhere to go: what waits behind a limit that all share only grows old in memory. Hosts
   * that are paused or back off are not in that line, so that others are pulled past them.
   */
  #hasRoom(): boolean {
    const { capacity, maxFailures } = this.#options
    if (this.#state !== 'running' || this.#exhausted || this.#pulling) return false
    if (this.#isWindowFull()) return false
    // A request that is being judged may be the last failure that is allowed: what is not sent yet must wait for that.
    if (maxFailures !== Infinity) return this.#failed < maxFailures && this.#hasFreePlace(capacity.places)
    return this.#open.size < capacity.places + this.#source.lookAhead || !capacity.isCrowded()
  }

  #isWindowFull(): boolean {
    return this.#held - (this.#source.isByLanes === true ? this.#open.size : 0) >= this.#options.window
  }

  /** Those that wait for their host, or back off, hold no place and cannot fail before they do. */
  #hasFreePlace(places: number): boolean {
    if (this.#open.size < places) return true
    let held = 0
    for (const { trip } of this.#open)
      if (trip.cancelSlot.place !== 'queue' && trip.cancelSlot.place !== 'backoff') held++
    return held < places
  }

  #await(pulled: Promise<Pulled>): void {
    this.#pulling = true
    pulled.then(
      result => {
        this.#pulling = false
        // What came after a stop was pulled, but it is nobody's any more.
        if (this.#state !== 'running') return
        this.#receive(result)
        this.#pump()
      },
      error => {
        this.#pulling = false
        // An input that fails because the run was stopped must not turn that into its own failure.
        if (this.#state === 'running') this.#failInput(error)
      },
    )
  }

  #take(item: Item): void {
    this.#pulled++
    this.#held++
    const call = this.#prepare(item)
    if ('ok' in call) return this.#deliver(call)
    this.#open.add(call)
    if (item.lane !== undefined) this.#source.pulled?.(item.lane, call.trip)
    carry(call, this.#parts, outcome => this.#settled(call, item.lane, outcome))
  }

  #prepare(item: Item): Call | Outcome {
    try {
      return this.#parts.prepare(item)
    } catch (error) {
      // A getter or a proxy of the caller's threw: one item's failure, never the batch's.
      const unreadable = `expected a request that can be read, but reading it threw: ${reasonOf(error)}`
      return this.#abandon('', item.index, fault('invalid_request/unreadable', unreadable, { cause: error }))
    }
  }

  #settled(call: Call, lane: string | undefined, outcome: Outcome): void {
    this.#open.remove(call)
    const { attempts, redirects } = call.trip.retry
    if (attempts > 1) this.#retries += attempts - 1 - redirects
    // It never passed the gate, so nobody there tells that its lane has room again.
    if (attempts === 0 && lane !== undefined) this.#source.wake?.(lane)
    this.#deliver(outcome)
  }

  #deliver(outcome: Outcome): void {
    if (outcome.ok) {
      this.#ok++
      this.#bytes += outcome.response.bytes
    } else this.#failed++
    this.#options.deliver(outcome)
    if (!outcome.ok && this.#failed >= this.#options.maxFailures && this.#state === 'running') {
      this.stop(`maxFailures (${this.#options.maxFailures}) reached`)
    }
    this.#endIfDone()
  }

  /** What was sent is finished and reported; then the error is the run's. */
  #failInput(error: unknown): void {
    this.#inputError = { error: new InputError(error, this.#pulled) }
    this.#exhausted = true
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (!this.#exhausted || this.#open.size > 0 || this.#state === 'ended') return
    if (this.#state === 'running' && this.#pulling) return
    this.#state = 'ended'
    this.#options.signal?.removeEventListener('abort', this.#onSignal)
    this.#stopListening()
    this.#options.ended(this.#inputError)
  }
}

/** Which of the two it was is known only when it happens: nothing of a request that never left the gate was sent. */
function giveUpFault({ trip }: Call, why: string): Fault {
  return trip.retry.attempts === 0
    ? fault('aborted/not_started', `not sent: ${why}`)
    : fault('aborted/in_flight', `given up in flight: ${why}`)
}

/** Of a run that is stopped: what its host turned away each time, and still waits for it, has not been done either. */
function stopFault(call: Call, why: string): Fault {
  return call.trip.retry.isUnsent ? fault('aborted/not_started', `not sent: ${why}`) : giveUpFault(call, why)
}
