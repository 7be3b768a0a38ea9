/**
 * The client: options → plans → engine → shape. Its batches share sockets, cookies and limits.
 */
import { batchRun } from './run/batch-run.ts'
import type { BatchRun } from './run/batch-run.ts'
import { argumentsOf, inputOf, isShort, shapeOf } from './batch.ts'
import { drain } from './run/drain.ts'
import type {
  BatchDrainOptions,
  OneShotExtra,
  OutcomeIterator,
  RequestCall,
  RequestInputs,
  StreamCall,
} from './infer.ts'
import { statsOf } from './stats.ts'
import { systemClock } from './system-clock.ts'
import { wire } from './wire.ts'
import type { Wired } from './wire.ts'
import { readCookies } from '../config/cookie-input.ts'
import { got } from '../config/kinds.ts'
import type { Values } from '../config/table.ts'
import { planClient } from '../config/client-plan.ts'
import { planBatch } from '../config/plan.ts'
import type { ClientPlan } from '../config/client-plan.ts'
import type { BatchPlan } from '../config/plan.ts'
import { readOptions, splitOptions } from '../config/read.ts'
import { isCookieStore } from '../config/shapes.ts'
import { isThenable } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { InputError, isInputError } from '../core/input-error.ts'
import type { ClientOptions, CookiesInput } from '../core/options.ts'
import type { Totals } from '../core/progress.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Clock } from '../core/ports.ts'
import type { ClientStats } from './client-stats.ts'
import { VERSION } from '../core/version.ts'
import type { Run } from '../engine/engine.ts'
import type { RunOptions } from '../engine/ports.ts'
import { isIterable } from '../engine/source.ts'
import { OutcomeStream } from '../engine/stream.ts'
import type { StartRun } from '../engine/stream.ts'

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
  /** Made for the first drain, which hears by it that the client was closed. */
  #closing: AbortController | undefined

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
   * one did), AbortError (the signal struck), InputError (the input threw; it has the outcomes of what was sent)
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
   * @throws ConfigError at once; InputError where the input throws, after the outcomes of what was sent
   * @example for await (const outcome of client.stream(urls)) if (outcome.ok) save(outcome.value)
   */
  readonly stream: StreamCall = ((input: unknown, options?: unknown) => {
    this.#open()
    const plan = this.#planBatch(readOptions(options, 'stream'))
    checkLazy(input, plan)
    // Opened again when the reading starts: the client may have been closed since.
    const start: StartRun = (deliver, ended) => {
      const batch = this.#batch(input, plan, this.#open(), deliver, ended)
      return isThenable(batch) ? batch.then(({ run }) => run) : batch.run
    }
    return new OutcomeStream(start, plan.order === 'input') as unknown as OutcomeIterator<Outcome>
  }) as StreamCall

  /**
   * Sends everything and keeps nothing: each outcome goes to `sink`, which the run waits for and closes, and totals come
   * back. Failed requests are counted, not thrown.
   *
   * @throws ConfigError (a mistake in the options, a run file of another batch), InputError (the input threw), or what the
   * sink threw
   * @example const { ok, failed } = await client.drain(urls, { sink: jsonLines('results.jsonl') })
   */
  async drain(input: RequestInputs, options?: BatchDrainOptions): Promise<Totals> {
    const wired = this.#open()
    const plan = this.#planBatch(readOptions(options, 'drain'))
    checkLazy(input, plan)
    return drain({
      sink: plan.sink,
      signal: plan.signal,
      closed: (this.#closing ??= new AbortController()).signal,
      clock: this.#clock,
      open: (deliver, ended) => this.#batch(input, plan, wired, deliver, ended),
    })
  }

  /** Adds cookies: pairs for the origins of the input URLs, pairs by origin, or a jar in place of the present one. */
  setCookies(cookies: Exclude<CookiesInput, false>): void {
    const problems: string[] = []
    const read = readCookies(cookies, 'cookies', problems)
    if (this.#plan.cookieFile !== undefined && isCookieStore(read)) {
      problems.push('setCookies: expected pairs beside cookieFile, got a jar of your own. Make a client without one.')
    }
    if (!this.#plan.shareCookies && isCookieStore(read)) {
      problems.push('setCookies: expected pairs beside shareCookies: false, got a jar of your own. A jar is shared.')
    }
    if (read === undefined || problems.length > 0) throw new ConfigError(problems)
    this.#open().cookies.set(read)
  }

  /**
   * What the client is doing right now and what it has learned of each host: how many run and wait, pauses, circuits,
   * quotas, and the concurrency that `'auto'` has found.
   *
   * @example console.log(String(client.stats())) // api.example.com 3/8 running, 12 queued, paused 1.2 s
   */
  stats(): ClientStats {
    const { gate, unmatched } = this.#open()
    return statsOf(gate, this.#clock, Object.keys(this.#plan.hosts).length === 0 ? undefined : unmatched())
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
    this.#closing?.abort()
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
    // At its full length where that is known: they come in any order, and filling an array from its end is slow.
    const outcomes = new Array<Outcome>(Array.isArray(shaped.items) ? shaped.items.length : 0)
    const { aborted } = await new Promise<Run>((resolve, reject) => {
      let run: Run
      const deliver: Deliver = outcome => {
        outcomes[outcome.index] = outcome
        run.give()
      }
      const ended: Ended = inputError =>
        inputError === undefined ? resolve(run) : reject(withOutcomes(inputError.error, outcomes))
      const start = (batch: BatchRun): void => {
        run = batch.run
        run.start()
      }
      const batch = this.#batch(shaped.items, plan, wired, deliver, ended)
      if (isThenable(batch)) batch.then(start).catch(reject)
      else start(batch)
    })
    return shapeOf(outcomes, shaped, plan, aborted)
  }

  #batch(
    items: Iterable<unknown> | AsyncIterable<unknown>,
    plan: BatchPlan,
    wired: Wired,
    deliver: Deliver,
    ended: Ended,
  ): BatchRun | Promise<BatchRun> {
    const keep = (batch: BatchRun): BatchRun => {
      this.#runs.add((kept = batch.run))
      // Closed while its run file was being opened.
      if (this.#closed) kept.abort(new Error('the client was closed'))
      return batch
    }
    let kept: Run | undefined
    const made = batchRun({
      items,
      plan,
      wired,
      clock: this.#clock,
      deliver,
      ended: inputError => {
        if (kept !== undefined) this.#runs.delete(kept)
        ended(inputError)
      },
    })
    return isThenable(made) ? made.then(keep) : keep(made)
  }
}

/** Of an input that threw: what was sent before is not lost. */
function withOutcomes(error: unknown, outcomes: readonly Outcome[]): unknown {
  return isInputError(error) ? new InputError(error.cause, error.total, outcomes) : error
}

function checkLazy(input: unknown, plan: BatchPlan): asserts input is Iterable<unknown> | AsyncIterable<unknown> {
  if (!isIterable(input)) {
    throw new ConfigError([
      `urls: expected an iterable or async iterable of requests, got ${got(input)}. Wrap one URL in an array.`,
    ])
  }
  if (plan.soleBody !== undefined && !isShort(input)) throw new ConfigError([plan.soleBody])
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
