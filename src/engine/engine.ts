/**
 * Runs a batch: pulls specs while there is room, sends them, hands out one outcome each.
 *
 * Knows no HTTP: how a spec becomes a Call, how a Call is sent and how its result becomes an outcome come in as
 * functions. `open` (pulled and not yet given back) is the one number that bounds memory, so a slow consumer, a paused
 * host and a slow head of an ordered stream all end in "stop pulling".
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { carry } from './carry.ts'
import { placesOf } from './census.ts'
import type { Census } from './census.ts'
import { OpenCalls } from './open-calls.ts'
import { IDLE_INPUT, NEW_RUN, nextInput, nextPhase } from './phase.ts'
import type { Aborted, InputState, Order, RunPhase } from './phase.ts'
import type { Counts, EngineParts, RunOptions } from './ports.ts'
import type { Item, Pulled, Source } from './source.ts'
import { RunTally } from './tally.ts'
import type { Call } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import { InputError } from '../core/input-error.ts'
import type { Outcome } from '../core/outcome.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import { say } from '../core/words.ts'

export class Run {
  readonly #parts: EngineParts
  readonly #source: Source
  readonly #options: RunOptions
  readonly #open = new OpenCalls()
  readonly #tally: RunTally
  /**
   * An answer of another batch may start a pull; the caller's functions still run in the async context of their own
   * batch.
   */
  readonly #inCallersContext = AsyncLocalStorage.snapshot()
  #phase: RunPhase = NEW_RUN
  #input: InputState = IDLE_INPUT
  /** The last order to stop or to abort. */
  #order: Order | undefined

  constructor(source: Source, parts: EngineParts, options: RunOptions) {
    this.#source = source
    this.#parts = parts
    this.#options = options
    this.#tally = new RunTally(options.statistics)
  }

  get counts(): Counts {
    const { pulled, ok, failed, retries, bytes } = this.#tally
    return {
      total: this.#source.isGrowing === true ? undefined : this.#source.size,
      pulled,
      ok,
      failed,
      retries,
      bytes,
    }
  }

  /** What its requests and its input are doing now. Its cost is bounded. */
  get census(): Census {
    const isAwaited = this.#input.kind === 'waiting' || this.#source.isAwaited === true
    const input = this.#input.kind === 'over' || !this.#isRunning ? 'over' : isAwaited ? 'awaited' : 'more'
    return {
      ...placesOf(this.#open),
      untaken: this.#tally.held - this.#open.size,
      isWindowFull: this.#isWindowFull(),
      input,
    }
  }

  /** Why the run was aborted; undefined when it was not. */
  get aborted(): Aborted | undefined {
    return this.#phase.kind === 'halting' || this.#phase.kind === 'ended' ? this.#phase.aborted : undefined
  }

  /** Ended by `stop()`, `abort()` or too many failures; the input may have had more items. */
  get halted(): boolean {
    return this.#phase.kind === 'halting' || (this.#phase.kind === 'ended' && this.#phase.isHalted)
  }

  start(): void {
    if (this.#phase.kind !== 'new') return
    const { signal, capacity } = this.#options
    const { order = signal?.aborted === true ? abortOrder(signal.reason) : undefined } = this.#phase
    if (order !== undefined) {
      this.#phase = nextPhase(this.#phase, { kind: 'start', detach: () => undefined })
      return this.#halt(order)
    }
    const onSignal = (): void => this.abort(signal?.reason)
    // One listener per run, whatever its size. The requests are told through their trips.
    signal?.addEventListener('abort', onSignal, { once: true })
    const stopListening = capacity.attach({
      onCapacity: (lane, standing) => {
        if (lane !== undefined) this.#source.wake?.(lane, standing)
        this.#pump()
      },
      wants: standing => this.#isRunning && !this.#isWindowFull() && this.#source.wants?.(standing) === true,
      backlogOf: lane => (this.#input.kind === 'over' ? 0 : (this.#source.backlogOf?.(lane) ?? 0)),
    })
    this.#source.attach?.(() => this.#pump())
    const detach = (): void => {
      signal?.removeEventListener('abort', onSignal)
      stopListening()
    }
    this.#phase = nextPhase(this.#phase, { kind: 'start', detach })
    this.#pump()
  }

  get #isRunning(): boolean {
    return this.#phase.kind === 'running'
  }

  /** The consumer has taken an outcome: there is room for another item. */
  give(): void {
    this.#tally.giveBack()
    this.#pump()
  }

  /** Pulls no more. Attempts on the wire finish; all other requests end now. */
  stop(why = 'the run was stopped'): void {
    this.#halt({ kind: 'stop', why })
  }

  /** Ends everything now. */
  abort(reason: unknown, why?: string): void {
    this.#halt(abortOrder(reason, why))
  }

  #halt(order: Order): void {
    const before = this.#phase.kind
    this.#phase = nextPhase(this.#phase, order)
    if (before === 'new' || before === 'ended') return
    this.#order = order
    for (const call of this.#open) endCall(call, order)
    if (before === 'halting') return
    this.#abandonRest(unsentFault(order))
    if (this.#input.kind !== 'over') this.#source.close()
    this.#input = nextInput(this.#input, 'close')
    this.#endIfDone()
  }

  /** An input of known length gives an outcome for each of its items. Of a lazy input, only the pulled items exist. */
  #abandonRest(reason: Fault): void {
    this.#source.takeRest(item => {
      this.#tally.pull()
      this.#deliver(this.#abandon(item, reason))
    })
  }

  #abandon(item: Item, reason: Fault): Outcome {
    try {
      return this.#parts.abandon(item, reason)
    } catch {
      // An item that throws when it is read still gets its outcome.
      return this.#parts.abandon({ ...item, value: '' }, reason)
    }
  }

  #pump(): void {
    // Delivering an outcome may make room, and an item that is refused is delivered during the pull. Hence one loop and
    // no recursion.
    if (this.#input.kind !== 'idle' || !this.#hasRoom()) return
    this.#input = nextInput(this.#input, 'pump')
    this.#inCallersContext(() => this.#pullAll())
    if (this.#input.kind === 'pumping') this.#input = nextInput(this.#input, 'rest')
  }

  #pullAll(): void {
    while (this.#input.kind === 'pumping' && this.#hasRoom()) {
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
    // The input stopped the run while it was being pulled, so it could not be closed then. Its item is dropped.
    if (!this.#isRunning) return this.#source.close()
    if (pulled === 'done') {
      this.#input = nextInput(this.#input, 'close')
      return this.#endIfDone()
    }
    if (pulled !== 'later') this.#take(pulled)
  }

  /**
   * Whether the window has room and a further attempt could be sent. A request that waits at a limit of all hosts only
   * takes memory. Requests whose host is paused, or that back off, do not count: others are pulled past them.
   */
  #hasRoom(): boolean {
    const { capacity, maxFailures } = this.#options
    if (!this.#isRunning || (this.#isWindowFull() && this.#source.isUrgent?.() !== true)) return false
    // The request that is being settled may be the last failure that `maxFailures` allows. Until that is known, nothing
    // new may be sent.
    if (maxFailures !== Infinity) return this.#tally.newlyFailed < maxFailures && this.#hasFreeSlot(capacity.slots)
    return this.#open.size < capacity.slots + this.#source.lookAhead || !capacity.isCrowded()
  }

  #isWindowFull(): boolean {
    return this.#tally.held - (this.#source.isByLanes === true ? this.#open.size : 0) >= this.#options.window
  }

  /** Requests that wait at the gate, back off or poll hold no slot, and cannot fail before they hold one. */
  #hasFreeSlot(slots: number): boolean {
    if (this.#open.size < slots) return true
    let held = 0
    for (const { trip } of this.#open) if (!trip.cancelSlot.isWaiting) held++
    return held < slots
  }

  #await(pulled: Promise<Pulled>): void {
    this.#input = nextInput(this.#input, 'wait')
    pulled.then(
      result => {
        this.#input = nextInput(this.#input, 'rest')
        // An item that arrives after a stop is dropped.
        if (!this.#isRunning) return
        this.#receive(result)
        this.#pump()
      },
      error => {
        // An input that fails because the run was stopped must not replace the reason of the stop by its own error.
        if (this.#isRunning) this.#failInput(error)
      },
    )
  }

  #take(item: Item): void {
    this.#tally.pull()
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
      // A getter or a Proxy in the input threw: this fails one item, never the batch.
      const unreadable = `expected a request that can be read, but reading it threw: ${reasonOf(error)}`
      const reason = fault('invalid_request/unreadable', unreadable, { cause: error })
      return this.#abandon({ ...item, value: '' }, reason)
    }
  }

  #settled(call: Call, lane: string | undefined, outcome: Outcome): void {
    this.#open.remove(call)
    // The request never passed the gate, so the gate does not report that its lane has room again.
    if (call.trip.retry.attempts === 0 && lane !== undefined) this.#source.wake?.(lane)
    // What it has added is abandoned before it is delivered, since the run may be over with it.
    if (this.#order !== undefined && this.#source.isGrowing === true) this.#abandonRest(unsentFault(this.#order))
    this.#deliver(outcome, call)
    if (this.#source.isGrowing === true) this.#pump()
  }

  #deliver(outcome: Outcome, call?: Call): void {
    this.#tally.count(outcome, call)
    this.#options.deliver(outcome)
    const { maxFailures } = this.#options
    if (!outcome.ok && this.#tally.newlyFailed >= maxFailures && this.#isRunning) {
      this.stop(say([{ option: 'maxFailures' }, ` (${maxFailures}) reached`]))
    }
    this.#endIfDone()
  }

  /** Requests that were sent finish and are reported; then the run ends with this error. */
  #failInput(error: unknown): void {
    this.#input = nextInput(this.#input, { error: new InputError(error, this.#tally.pulled) })
    this.#endIfDone()
  }

  #endIfDone(): void {
    const phase = this.#phase
    if (this.#input.kind !== 'over' || this.#open.size > 0) return
    if (phase.kind !== 'running' && phase.kind !== 'halting') return
    this.#phase = nextPhase(phase, { kind: 'end' })
    phase.detach()
    const { error } = this.#input
    this.#options.ended(error === undefined ? undefined : { error })
  }
}

const abortOrder = (reason: unknown, why = `the run was aborted: ${reasonOf(reason)}`): Order => ({
  kind: 'abort',
  why,
  reason,
})

function endCall(call: Call, order: Order): void {
  const { cancelSlot } = call.trip
  if (order.kind === 'stop') cancelSlot.stop(stopFault(call, order.why))
  else cancelSlot.cancel({ ...giveUpFault(call, order.why), cause: order.reason })
}

/** For requests that were never pulled. */
function unsentFault(order: Order): Fault {
  const message = `not sent: ${order.why}`
  return order.kind === 'stop'
    ? fault('aborted/not_started', message)
    : fault('aborted/not_started', message, { cause: order.reason })
}

/** Nothing was sent of a request that never passed the gate. Whether it did is known only now. */
function giveUpFault({ trip }: Call, why: string): Fault {
  return trip.retry.attempts === 0
    ? fault('aborted/not_started', `not sent: ${why}`)
    : fault('aborted/in_flight', `aborted in flight: ${why}`)
}

/**
 * For a run that is stopped. A request that its host refused each time, and that waits to be retried, counts as not
 * sent.
 */
function stopFault(call: Call, why: string): Fault {
  return call.trip.retry.isUnsent ? fault('aborted/not_started', `not sent: ${why}`) : giveUpFault(call, why)
}
