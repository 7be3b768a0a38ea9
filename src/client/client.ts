/** The public client: it reads options and arguments, and passes the values on to an open client. */
import { argumentsOf } from './batch.ts'
import type { ClientStats } from './client-stats.ts'
import type {
  AnyReturnType,
  BatchDrainOptions,
  DrainedValue,
  OneShotExtra,
  OutcomeIterator,
  RequestCall,
  RequestInputs,
  StreamCall,
  Unset,
} from './infer.ts'
import { OpenClient } from './open-client.ts'
import { readOptions, splitValues } from '../config/read.ts'
import type { ClientOptions, CookiesInput } from '../core/options.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Totals } from '../core/progress.ts'
import type { Schema } from '../core/spec.ts'

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
  readonly #client: OpenClient

  /**
   * Makes a client that lives until `close()`. It opens no connection before its first call.
   *
   * @throws ConfigError that names every option that is wrong
   * @example const client = new ParallelRequests({ concurrency: 5, rateLimit: '10/s' })
   */
  constructor(options?: ClientOptions) {
    this.#client = new OpenClient(readOptions(options, 'constructor'))
  }

  /**
   * Sends a batch and waits for all of it. One URL in, one value out; a list in, a list out in its order; with `keys`,
   * an object.
   *
   * @throws ConfigError (a mistake in the options), PartialFailureError (some requests failed), RequestError (the only
   * request failed), AbortError (the signal was aborted), InputError (the input threw; the error has the outcomes)
   * @example const [node, deno] = await client.request<Repo>([nodeUrl, denoUrl])
   */
  readonly request: RequestCall<unknown> = (async (first: unknown, second?: unknown) => {
    this.#client.open()
    const { input, options } = argumentsOf(first, second)
    return this.#client.request(input, readOptions(options, 'request'))
  }) as RequestCall<unknown>

  /**
   * Pulls requests lazily and yields outcomes as they finish: any number of requests in constant memory. Leaving the
   * loop aborts the requests in flight.
   *
   * @throws ConfigError at once; InputError if the input throws, after all outcomes
   * @example for await (const outcome of client.stream(urls)) if (outcome.ok) console.log(outcome.value)
   */
  readonly stream: StreamCall = ((input: unknown, options?: unknown) => {
    this.#client.open()
    return this.#client.stream(input, readOptions(options, 'stream')) as unknown as OutcomeIterator<Outcome>
  }) as StreamCall

  /**
   * Sends all requests and keeps no outcomes: it passes each one to `sink`, waits for it, closes it at the end, and
   * returns totals. Failed requests are counted, not thrown.
   *
   * @throws ConfigError (a mistake in the options, a run file of another batch), InputError (the input threw), or the
   * error of the sink
   * @example const { ok, failed } = await client.drain(urls, { sink: jsonLines('results.jsonl') })
   */
  async drain<
    const I extends RequestInputs,
    R extends AnyReturnType = AnyReturnType,
    S extends Schema | undefined = undefined,
    V = Unset,
  >(input: I, options?: BatchDrainOptions<R, S, V, DrainedValue<I, R, S, NoInfer<V>>>): Promise<Totals> {
    this.#client.open()
    return this.#client.drain(input, readOptions(options, 'drain'))
  }

  /**
   * Adds cookies: name and value pairs that every request sends, or pairs by origin. A jar replaces the present one.
   *
   * @throws ConfigError (a wrong name or value, a jar beside `cookieFile`, a closed client)
   * @example client.setCookies({ theme: 'dark' })
   */
  setCookies(cookies: Exclude<CookiesInput, false>): void {
    this.#client.setCookies(cookies)
  }

  /**
   * The current state of the client and of each host: attempts running and queued, pauses, circuits, quotas, and the
   * concurrency that `'auto'` has found. After `close()` it has the final `statistics`, and no hosts. Never throws.
   *
   * @example console.log(String(client.stats())) // api.example.com 3/8 running, 12 queued, paused 1.2 s
   */
  stats(): ClientStats {
    return this.#client.stats()
  }

  /**
   * Forgets every cookie, given or learned.
   *
   * @throws ConfigError (a closed client)
   * @example client.resetCookies()
   */
  resetCookies(): void {
    this.#client.resetCookies()
  }

  /**
   * Aborts all requests in flight and closes every socket. Idempotent. Afterwards only `stats()` can be called. Never
   * throws.
   *
   * @example await client.close()
   */
  async close(): Promise<void> {
    await this.#client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
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
  const { client, batch } = splitValues(readOptions(options, 'one-shot'))
  // The statistics of a call that returns values only cannot be read.
  const open = new OpenClient(client, false)
  try {
    return await open.request(input, batch)
  } finally {
    await open.close()
  }
}) as RequestCall<OneShotExtra>
