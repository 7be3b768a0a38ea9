/**
 * The client: options → plans → engine → shape. Its batches share sockets, cookies and limits.
 */
import { argumentsOf, inputOf, isShort, shapeOf } from './batch.ts'
import type { OneShotExtra, OutcomeIterator, RequestCall, StreamCall } from './infer.ts'
import { abandonItem, prepareItem } from './item.ts'
import { reportedRun } from './reported-run.ts'
import { settle } from './settle.ts'
import { statsOf } from './stats.ts'
import { systemClock } from './system-clock.ts'
import { wire } from './wire.ts'
import type { Wired } from './wire.ts'
import { readCookies } from '../config/cookie-input.ts'
import { got } from '../config/kinds.ts'
import { laneReader } from '../config/lane-of-item.ts'
import type { Values } from '../config/options.ts'
import { planClient } from '../config/client-plan.ts'
import { planBatch } from '../config/plan.ts'
import type { ClientPlan } from '../config/client-plan.ts'
import type { BatchPlan } from '../config/plan.ts'
import { readOptions, splitOptions } from '../config/read.ts'
import { ConfigError } from '../core/error.ts'
import type { ClientOptions, CookiesInput } from '../core/options.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Clock } from '../core/ports.ts'
import type { ClientStats } from '../core/stats.ts'
import { VERSION } from '../core/version.ts'
import type { Run } from '../engine/engine.ts'
import type { EngineParts, RunOptions } from '../engine/ports.ts'
import { laneSource } from '../engine/lane-source.ts'
import { isIterable, toSource } from '../engine/source.ts'
import type { Source } from '../engine/source.ts'
import { OutcomeStream } from '../engine/stream.ts'
import type { Gate } from '../layer/gate.ts'

type Deliver = RunOptions['deliver']
type Ended = RunOptions['ended']

/**
 * A long-lived client. Close it when done, with `await using` or `close()`; an idle one does not keep the process
 * alive.
 *
 * @example
 * const client = new ParallelRequests({ concurrency: 5, rateLimit: '10/s' })
 * try {
 *   const repos = await client.request(urls)
 * } finally {
 *   await client.close()
 * }
 */
export class ParallelRequests {
  readonly #values: Values
  readonly #plan: ClientPlan
  readonly #clock: Clock
  readonly #runs = new Set<Run>()
  #wired: Wired | undefined
  #closed = false

  /** @throws ConfigError that names every option that is wrong */
  constructor(options?: ClientOptions) {
    this.#values = readOptions(options, 'constructor')
    this.#plan = planClient(this.#values)
    const { transport } = this.#plan
    this.#clock = (transport !== undefined && 'clock' in transport ? transport.clock : undefined) ?? systemClock
    this.#wired = wire(this.#plan, this.#clock, Math.random)
  }

  /**
   * Sends a batch and waits for all of it. One URL in, one value out; a list in, a list out in its order; with `keys`,
   * an object.
   *
   * @throws ConfigError (a mistake in the options), PartialFailureError (some requests failed), RequestError (the only
   * one did), AbortError (the signal struck)
   * @example const [node, deno] = await client.request<Repo>([nodeUrl, denoUrl])
   */
  readonly request: RequestCall<unknown> = (async (first: unknown, second?: unknown) => {
    const wired = this.#open()
    const { input, options } = argumentsOf(first, second)
    const plan = this.#planBatch(readOptions(options, 'request'))
    return this.#collect(input, plan, wired)
  }) as RequestCall<unknown>

  /**
   * Sends lazily and gives outcomes as they come: any number of requests in constant memory. Leaving the loop aborts
   * what is in flight.
   *
   * @throws ConfigError at once
   * @example for await (const outcome of client.stream(urls)) if (outcome.ok) save(outcome.value)
   */
  readonly stream: StreamCall = ((input: unknown, options?: unknown) => {
    this.#open()
    const plan = this.#planBatch(readOptions(options, 'stream'))
    if (!isIterable(input)) {
      throw new ConfigError([
        `urls: expected an iterable or async iterable of requests, got ${got(input)}. Wrap one URL in an array.`,
      ])
    }
    if (plan.soleBody !== undefined && !isShort(input)) throw new ConfigError([plan.soleBody])
    // Opened again when the reading starts: the client may have been closed since.
    const start = (deliver: Deliver, ended: Ended): Run => this.#run(input, plan, this.#open(), deliver, ended)
    return new OutcomeStream(start, plan.order === 'input') as unknown as OutcomeIterator<Outcome>
  }) as StreamCall

  /** Adds cookies: pairs for the origins of the input URLs, pairs by origin, or a jar in place of the present one. */
  setCookies(cookies: Exclude<CookiesInput, false>): void {
    const problems: string[] = []
    const read = readCookies(cookies, 'cookies', problems)
    if (read === undefined) throw new ConfigError(problems)
    this.#open().cookies.set(read)
  }

  /**
   * What the client is doing right now and what it has learned of each host: how many run and wait, pauses, circuits,
   * quotas, and the concurrency that `'auto'` has found.
   *
   * @example console.log(String(client.stats())) // api.example.com 3/8 running, 12 queued, paused 1.2 s
   */
  stats(): ClientStats {
    return statsOf(this.#open().gate, this.#clock)
  }

  /** Forgets every cookie, given or learned. */
  resetCookies(): void {
    this.#open().cookies.reset()
  }

  /** Aborts what is still running and closes every socket. Idempotent; any other use afterwards is a ConfigError. */
  async close(): Promise<void> {
    this.#closed = true
    const wired = this.#wired
    this.#wired = undefined
    for (const run of this.#runs) run.abort(new Error('the client was closed'))
    await wired?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(): Wired {
    if (this.#closed || this.#wired === undefined) {
      throw new ConfigError(['client: expected an open client, got one that was closed. Make a new ParallelRequests.'])
    }
    return this.#wired
  }

  #planBatch(given: Values): BatchPlan {
    return planBatch(this.#values, given, this.#plan.concurrency, VERSION)
  }

  async #collect(input: unknown, plan: BatchPlan, wired: Wired): Promise<unknown> {
    const shaped = inputOf(input, plan)
    const outcomes: Outcome[] = []
    const { aborted } = await new Promise<Run>((resolve, reject) => {
      const deliver: Deliver = outcome => {
        outcomes[outcome.index] = outcome
        run.give()
      }
      const ended: Ended = inputError => (inputError === undefined ? resolve(run) : reject(inputError.error))
      const run = this.#run(shaped.items, plan, wired, deliver, ended)
      run.start()
    })
    return shapeOf(outcomes, shaped, plan, aborted)
  }

  #run(
    items: Iterable<unknown> | AsyncIterable<unknown>,
    plan: BatchPlan,
    wired: Wired,
    deliver: Deliver,
    ended: Ended,
  ): Run {
    const run: Run = reportedRun({
      source: sourceOf(items, plan, wired.gate),
      limits: plan,
      parts: this.#engineParts(plan, wired),
      wired,
      clock: this.#clock,
      deliver,
      ended: inputError => {
        this.#runs.delete(run)
        ended(inputError)
      },
    })
    this.#runs.add(run)
    return run
  }

  #engineParts(plan: BatchPlan, { send }: Wired): EngineParts {
    const clock = this.#clock
    return {
      prepare: item => prepareItem(item, plan, clock.now()),
      send,
      settle: (call, result) => settle(call, result, clock),
      abandon: (item, index, reason) => abandonItem(item, index, plan, reason),
    }
  }
}

/** An array is taken host by host in turn, unless its order matters; anything else as it comes. */
function sourceOf(items: Iterable<unknown> | AsyncIterable<unknown>, plan: BatchPlan, gate: Gate): Source {
  if (!Array.isArray(items) || plan.order === 'input') return toSource(items)
  const laneOf = laneReader(plan.request)
  return laneSource(
    items,
    (value, index) => laneOf(value, plan.paramsPerUrl?.[index]),
    (lane, rivals) => gate.welcome(lane, rivals),
  )
}

/**
 * Sends any number of requests in parallel and gives typed results: one value for one URL, a list for a list, an
 * object with `keys`. Makes a client for this one call; two calls share nothing.
 *
 * @throws as `ParallelRequests.request` does
 * @example const repos = await parallelRequests<Repo>(urls, { concurrency: 5, rateLimit: '10/s' })
 */
export const parallelRequests: RequestCall<OneShotExtra> = (async (first: unknown, second?: unknown) => {
  const { input, options } = argumentsOf(first, second)
  readOptions(options, 'one-shot')
  const { client, batch } = splitOptions(options)
  const made = new ParallelRequests(client)
  try {
    return await (made.request as (input: unknown, options: unknown) => Promise<unknown>)(input, batch)
  } finally {
    await made.close()
  }
}) as RequestCall<OneShotExtra>
