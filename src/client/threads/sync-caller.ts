/**
 * The calling thread's part in a sync call. It prepares the requests, answers the worker's questions, and makes the
 * outcomes with the same functions as the async call, so values, errors and their fields are the same in both.
 */
import { abandonItem, prepareItem } from '../run/item.ts'
import { RequestIds } from '../run/request-ids.ts'
import { opinionsOf } from '../opinions.ts'
import { ObservedBatch } from '../run/observed.ts'
import { guarded } from '../run/progress.ts'
import { settle } from '../run/settle.ts'
import { AsyncAnswer, prompt, promptCredentials, promptPlan } from './sync-functions.ts'
import { sender } from './sync-order.ts'
import type { Caller, Hop, BatchOrder, SentRequest, SentTrip } from './sync-messages.ts'
import { KeptFault, unpackFault, unpackResult } from './sync-result.ts'
import type { SentFault, SentResult } from './sync-result.ts'
import { systemClock } from '../system-clock.ts'
import { jsonForHook } from '../wire.ts'
import type { ClientPlan } from '../../config/client-plan.ts'
import { trueCosts } from '../../config/cost.ts'
import { functionAt, sentFields } from '../../config/crossing.ts'
import { isRecord, kindOf } from '../../config/kinds.ts'
import type { BatchPlan } from '../../config/plan.ts'
import { isAtHand } from '../../core/body.ts'
import { attempt } from '../../core/attempt.ts'
import { attemptEvent, fillFrom } from '../../core/attempt-event.ts'
import type { AttemptStart } from '../../core/attempt-event.ts'
import type { AttemptEvent, EventHeaders, Observer } from '../../core/events.ts'
import type { Call, CallPlan, Costs } from '../../core/call.ts'
import { isThenable, reasonOf } from '../../core/callback.ts'
import { toHeaders } from '../../core/printable-headers.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Progress } from '../../core/progress.ts'
import { failedOutcome } from '../../core/outcome.ts'
import type { Outcome } from '../../core/outcome.ts'
import { fault, isFault } from '../../core/result.ts'
import type { Fault, Result } from '../../core/result.ts'
import type { AuthRequest, TokenContext } from '../../core/spec.ts'
import type { Token, Tokens } from '../../core/tokens.ts'
import { Trip } from '../../core/trip.ts'
import { printableUrl } from '../../core/url.ts'
import type { Verdict } from '../../policy/judge.ts'

export class CallingThread implements Caller {
  /** By index; complete when the order is done. */
  readonly outcomes: Outcome[] = []
  readonly #items: readonly unknown[]
  readonly #plan: BatchPlan
  /** The body of the options, as the caller wrote it. */
  readonly #sharedBody: unknown
  readonly #ids: RequestIds
  readonly #calls: (Call | undefined)[] = []
  readonly #kept: unknown[] = []
  readonly #opinions = opinionsOf(jsonForHook, systemClock, (call, cost) => {
    this.#trueCosts.set(call.index, trueCosts(cost, call.plan))
  })
  readonly #trueCosts = new Map<number, Costs>()
  readonly #onProgress: ((progress: Progress) => void) | undefined
  readonly #observer: Observer
  readonly #batch: ObservedBatch
  /** By index: the event of the attempt that is on its way. */
  readonly #attempts = new Map<number, AttemptEvent>()

  constructor(items: readonly unknown[], plan: BatchPlan, observer: Observer) {
    this.#observer = observer
    this.#batch = new ObservedBatch(observer, systemClock, items.length)
    this.#items = items
    this.#ids = new RequestIds(items, plan.keys)
    this.#plan = plan
    this.#sharedBody = plan.request.body?.given
    this.#onProgress = plan.onProgress && guarded(plan.onProgress)
  }

  /** Prepares every request. A refused one has its outcome at once. */
  order(client: ClientPlan, network: BatchOrder['network']): BatchOrder {
    const sent = sender()
    const prompts = new Map<CallPlan, CallPlan>()
    const calls = this.#items.map((item, index) => {
      const call = this.#prepare(item, index)
      if ('ok' in call) {
        this.outcomes[index] = this.#batch.refused(call)
        return undefined
      }
      let plan = prompts.get(call.plan)
      if (plan === undefined) prompts.set(call.plan, (plan = promptPlan(call.plan)))
      this.#calls[index] = { ...call, plan, credentials: promptCredentials(call.credentials) }
      return sent(call)
    })
    return {
      client: sentFields('client', client),
      calls,
      batch: sentFields('batch', this.#plan),
      network,
      reports: this.#reports(),
    }
  }

  /** What the worker reports: nothing if there is no listener now. */
  #reports(): BatchOrder['reports'] {
    if (this.#observer.headersFor !== undefined) return 'headers'
    const isHooked = this.#calls.some(call => call?.plan.hooks.afterAttempt !== undefined)
    return isHooked || EVENT_KINDS.some(kind => this.#observer.wants(kind)) ? 'events' : 'nothing'
  }

  /** The batch is over. */
  end(error?: unknown): void {
    let ok = 0
    let failed = 0
    for (const outcome of this.outcomes as readonly (Outcome | undefined)[]) {
      if (outcome?.ok === true) ok++
      else if (outcome !== undefined) failed++
    }
    this.#batch.end({ ok, failed, error })
  }

  begin(index: number): void {
    this.#batch.begin(this.#call(index))
  }

  attemptStarted(index: number, start: AttemptStart): EventHeaders | undefined {
    const { key, plan, trip } = this.#call(index)
    // The worker knows neither the id and the key nor the names of further secrets.
    const url = printableUrl(start.url, plan.secretNames)
    const event = attemptEvent({ ...start, id: trip.id, ...(key !== undefined && { key }), url }, trip.event)
    this.#attempts.set(index, event)
    this.#observer.start('attempt', event)
    return this.#observer.headersFor?.(event) as EventHeaders | undefined
  }

  attemptEnded(index: number, end: AttemptStart): void {
    const event = this.#attempts.get(index)
    if (event === undefined) return
    fillFrom(event, end)
    this.#observer.end('attempt', event)
  }

  afterAttempt(hop: Hop, number: number, sent: SentResult): SentFault | undefined {
    const { call, trial, result } = this.#trial(hop, number, sent)
    trial.event = this.#attempts.get(hop.index)
    return this.#opinion(this.#opinions.afterAttempt(call, trial, result))
  }

  #prepare(item: unknown, index: number): Call | Outcome {
    try {
      return prepareItem({ value: item, index }, this.#plan, systemClock.now(), this.#ids)
    } catch (error) {
      // As in the engine: a getter or a Proxy in the input threw.
      const unreadable = `expected a request that can be read, but reading it threw: ${reasonOf(error)}`
      return this.#abandoned('', index, fault('invalid_request/unreadable', unreadable, { cause: error }))
    }
  }

  #abandoned(value: unknown, index: number, reason: Fault): Outcome {
    return abandonItem({ value, index }, this.#plan, reason, this.#ids)
  }

  /** Keeps a value that cannot cross the thread, and returns the number that stands for it. */
  keep(thing: unknown): number {
    return this.#kept.push(thing) - 1
  }

  settle(index: number, sent: SentResult, trip: SentTrip): boolean {
    const made = this.#call(index)
    const call = { ...made, trip: Object.assign(tripOf(trip), { id: made.trip.id }) }
    // Warnings of hooks, which run on this thread.
    for (const warning of made.trip.warnings ?? []) call.trip.warn(warning)
    const outcome = this.#batch.settled(made.trip, settleNow(call, unpackResult(sent, this.#kept)))
    this.outcomes[index] = outcome
    this.#attempts.delete(index)
    return outcome.ok
  }

  abandon(index: number, sent: SentFault): void {
    const reason = unpackFault(sent, this.#kept)
    try {
      this.outcomes[index] = this.#abandoned(this.#items[index], index, reason)
    } catch {
      this.outcomes[index] = this.#abandoned('', index, reason)
    }
    this.#batch.refused(this.outcomes[index])
  }

  progress(progress: Progress): void {
    this.#onProgress?.(progress)
  }

  acceptStatus(index: number, status: number): boolean {
    const answer: unknown = this.#call(index).plan.acceptStatus(status)
    // Any truthy value counts as true, but not every object could be sent to the worker.
    return Boolean(answer)
  }

  backoff(index: number, failures: number): number | string {
    const { backoff } = this.#call(index).plan.retry
    const answer: unknown = typeof backoff === 'function' ? backoff(failures) : 0
    return typeof answer === 'number' || typeof answer === 'string' ? answer : 0
  }

  body(index: number): string | Uint8Array {
    const item = this.#items[index]
    const own = isRecord(item) && !(item instanceof URL) ? item.body : undefined
    return bytesNow(own ?? this.#sharedBody)
  }

  auth(index: number, request: AuthRequest): string | undefined {
    const { credentials } = this.#call(index)
    const answer: unknown = typeof credentials === 'function' ? credentials(request) : credentials
    return typeof answer === 'string' ? answer : undefined
  }

  refresh(index: number, context: Omit<TokenContext, 'signal'>) {
    const tokens = this.#call(index).credentials as Tokens
    const { origin } = tokens
    const run = prompt('auth.refresh', origin.oauth === undefined ? origin.refresh : () => undefined)
    // The calling thread is blocked while the function runs, so nothing could abort it.
    const { token, lifetimeMs } = tokens.adopt(
      run({ ...context, signal: new AbortController().signal }),
      systemClock.now(),
    )
    return { token, expiresIn: lifetimeMs }
  }

  refreshed(index: number, { token, lifetimeMs: expiresIn, refreshToken }: Token): void {
    const tokens = this.#call(index).credentials as Tokens
    tokens.adopt({ token, expiresIn, refreshToken }, systemClock.now())
  }

  beforeRequest(index: number, { method, url, headers: list, hasBody, attempt: number }: SentRequest): HeaderList {
    const { plan, body, meta, key, trip } = this.#call(index)
    const headers = toHeaders(list)
    void plan.hooks.beforeRequest?.({
      method,
      url,
      headers,
      body: hasBody && isAtHand(body) ? body : undefined,
      attempt: number,
      meta,
      index,
      key,
      id: trip.id,
    })
    return [...headers].flat()
  }

  ofResponse(hop: Hop, number: number, sent: SentResult): Verdict | SentFault | undefined {
    const { call, trial, result } = this.#trial(hop, number, sent)
    return this.#opinion(this.#opinions.ofResponse(call, trial, result))
  }

  ofRetry(hop: Hop, number: number, sent: SentResult, verdict: Verdict): Verdict | SentFault {
    const { call, trial, result } = this.#trial(hop, number, sent)
    return this.#opinion(this.#opinions.ofRetry(call, trial, result, verdict))
  }

  beforeRetry(hop: Hop, number: number, sent: SentResult): 'done' | SentFault | undefined {
    const { call, trial, result } = this.#trial(hop, number, sent)
    return this.#opinion(this.#opinions.beforeRetry(call, trial, result))
  }

  run(index: number, path: string, args: readonly unknown[]): unknown {
    return functionAt(this.#call(index).plan, path)(...args)
  }

  trueCosts(index: number): Costs | undefined {
    const costs = this.#trueCosts.get(index)
    this.#trueCosts.delete(index)
    return costs
  }

  limitKey(index: number, { method, url }: Pick<AuthRequest, 'method' | 'url'>): string | undefined {
    const { plan, meta } = this.#call(index)
    return plan.limitKey?.({ method, url, meta })
  }

  #trial(hop: Hop, number: number, sent: SentResult) {
    const call = { ...this.#call(hop.index), ...hop }
    return { call, trial: attempt(call, number, systemClock.now()), result: unpackResult(sent, this.#kept) }
  }

  /** A Fault stays on this thread with its cause and its reply; the worker refers to it by its number. */
  #opinion<T extends Verdict | undefined>(opinion: T | Fault | Promise<T | Fault>): T | SentFault {
    if (opinion instanceof Promise) throw new AsyncAnswer('a hook returned a promise')
    if (!isFault(opinion)) return opinion
    const { kind, code, message, sent } = opinion
    return { kind, code, message, sent, cause: { as: 'kept', number: this.keep(new KeptFault(opinion)) } }
  }

  #call(index: number): Call {
    return this.#calls[index] as Call
  }
}

/** Every kind of event. */
const EVENT_KINDS = ['batch', 'request', 'attempt'] as const

function tripOf({ elapsedMs, warnings, sentHeaders, retry, times }: SentTrip): Trip {
  const trip = new Trip(0, systemClock.now() - elapsedMs, Infinity)
  trip.warnings = warnings
  trip.sentHeaders = sentHeaders
  Object.assign(trip.retry, retry)
  Object.assign(trip.stopwatch, times)
  return trip
}

function settleNow(call: Call, result: Result): Outcome {
  const outcome = settledNow(call, result)
  if (outcome.ok || !(outcome.error.cause instanceof AsyncAnswer)) return outcome
  const reply = result.kind === 'reply' ? result : result.reply
  const sent = result.kind === 'reply' || result.sent
  const given = fault('callback/async', outcome.error.cause.message, { sent, ...(reply && { reply }) })
  return failedOutcome(call, given, systemClock.now(), call.plan.secretNames)
}

function settledNow(call: Call, result: Result): Outcome {
  const fail = (error: unknown): Outcome =>
    failedOutcome(
      call,
      fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent: true, cause: error }),
      systemClock.now(),
      call.plan.secretNames,
    )
  try {
    const outcome = settle(call, result, systemClock)
    return outcome instanceof Promise ? fail(new AsyncAnswer('decoding took a promise')) : outcome
  } catch (error) {
    return fail(error)
  }
}

/** The body that the caller's function makes. It must be complete: a stream cannot cross. */
function bytesNow(given: unknown): string | Uint8Array {
  let made = given
  while (typeof made === 'function') made = (made as () => unknown)()
  if (typeof made === 'string') return made
  if (made instanceof Uint8Array) return new Uint8Array(made)
  if (made instanceof ArrayBuffer) return new Uint8Array(made)
  if (made instanceof URLSearchParams) return made.toString()
  if (isThenable(made)) {
    made.then(undefined, () => undefined)
    throw new AsyncAnswer('body() returned a promise')
  }
  if (typeof made === 'object' && made !== null && Symbol.asyncIterator in made) {
    throw new AsyncAnswer('body() opened a stream, whose chunks come later')
  }
  throw new TypeError(
    `body(): expected a string, bytes or URLSearchParams, got ${kindOf(made)}. Turn it into one of them.`,
  )
}
