/** The functions for batches over many machines, as callers see them. Each opens its own connection and closes it. */
import { resolve as absolute } from 'node:path'
import type { Writable } from 'node:stream'
import { openBroker } from './broker.ts'
import type { Broker, BrokerAddress, TakeOver } from './broker.ts'
import { collectBatch } from './collect.ts'
import type { Collected } from './collect.ts'
import * as control from './control.ts'
import type { BatchStatus } from './control.ts'
import { deadOf } from './dead.ts'
import type { Dead } from './dead.ts'
import { evictionProblem, examine } from './doctor.ts'
import type { BrokerFinding } from './doctor.ts'
import { equip } from './equip.ts'
import { changeIn, limitsOf, ratesIn } from './limits.ts'
import type { BatchLimits } from './limits.ts'
import { batchesOf } from './list.ts'
import type { BatchInfo } from './list.ts'
import type { Manifest } from './manifest.ts'
import { checkOptions, planOptions } from './options.ts'
import { quarantineFile } from './quarantine.ts'
import { reconcile as reconcileBatch } from './reconcile.ts'
import type { Reconciled } from './reconcile.ts'
import { orderRetry } from './retry.ts'
import type { RetryResult } from './retry.ts'
import { rowOf } from './rows.ts'
import { listedNames, secretIn } from './secrets.ts'
import { readSigningKeys } from './signature.ts'
import { checkName, submitBatch } from './submit.ts'
import type { SubmitResult } from './submit.ts'
import { watchBatch } from './watch.ts'
import type { Planned } from './work.ts'
import { readProbes } from './worker-probes.ts'
import { workersOf } from './workers.ts'
import type { WorkerInfo } from './workers.ts'
import { isUsableDuration } from './worker-options.ts'
import { checkNames } from '../options.ts'
import type { Names } from '../options.ts'
import { readShareName } from '../limits/redis-limits.ts'
import { readRedisTls, tlsProblem } from '../redis-tls.ts'
import type { RedisTls } from '../redis-tls.ts'
import { readFailureCodes } from '../../config/failure-codes.ts'
import { reasonOf } from '../../core/callback.ts'
import { tryOptions } from '../../config/read.ts'
import { ConfigError } from '../../core/error.ts'
import type { ClientOptions } from '../../core/options.ts'
import type { Problem } from '../../core/problem.ts'
import type { RequestSpec } from '../../core/spec.ts'

/** The Redis server that keeps batches, and how it is reached. */
export interface BrokerOptions {
  /** The URL of a Redis server: `redis://[user:password@]host:port[/database]`, or `rediss://…` for TLS. */
  readonly broker: string
  /**
   * The certificates of a connection `rediss://…`, in PEM: `ca` is trusted instead of the system's roots; `cert` and `key`
   * are sent if Redis asks for a client certificate. Default the system's roots and no client certificate.
   */
  readonly brokerTls?: RedisTls | undefined
}

/** How a batch is signed, so that workers run nothing else. */
export interface SigningOptions {
  /**
   * The variable with the key that the batch is signed with, as `'env:NAME'`. `submit`, `resume`, `reconcile` and
   * `retryBatch` sign with it. A worker with a key runs only chunks that are signed with it. Several keys are separated
   * by commas: the first one signs, and all of them are accepted. At least 16 characters. Default: nothing is signed.
   */
  readonly sign?: string | undefined
}

/** Which batch is meant, and where it is. */
export interface BatchOptions extends BrokerOptions {
  /** The name of the batch: letters, digits, `-`, `_` and `.`, at most 100. */
  readonly batch: string
}

/** Options of `submit`: the batch, the folder of its results, and how its requests are sent. */
export interface SubmitOptions extends BatchOptions, SigningOptions {
  /** A folder that the submitter and all workers share. It gets the list of the chunks, and the results. */
  readonly results: string
  /**
   * Requests per chunk, the unit of work of a worker. An integer from 1 to 100,000; 0 and `Infinity` are a
   * ConfigError. Default 1000; for a file of more than 64,000 requests, as many as give it about 64 chunks, at most 4000.
   */
  readonly chunkRows?: number | undefined
  /**
   * How the requests are sent: options of a one-shot call that JSON can hold. Rates hold for all workers together,
   * `concurrency` for each. A secret is written as `'env:NAME'`, a variable of the workers. Default none.
   */
  readonly options?: ClientOptions | Readonly<Record<string, unknown>> | undefined
  /**
   * Batches with the same name, and clients with `redisLimits(broker, { name })`, share their rates. Letters, digits,
   * `.`, `_` and `-`, at most 100. Default: the name of the batch.
   */
  readonly shareName?: string | undefined
}

/** Requests, or a file of them, which the workers read themselves: it must have the same path on all machines. */
export type SubmitRequests =
  | Iterable<string | URL | RequestSpec>
  | AsyncIterable<string | URL | RequestSpec>
  | { readonly file: string; readonly format: 'lines' | 'jsonl' }

const MOST_CHUNK_ROWS = 100_000

/**
 * Submits a batch: its requests become chunks in a queue, which workers on any number of machines take. Resolves when
 * all chunks are in the queue. Running it again with the same input continues a submit that was killed, and otherwise
 * changes nothing. Memory stays constant: if the chunks hold rows, it waits while 2,000 of them are in the queue.
 *
 * @throws ConfigError (a mistake in the options, a secret, Redis cannot be used, the name is taken)
 * @example await submit({ file: '/shared/urls.txt', format: 'lines' }, { broker, batch: 'b1', results: '/shared/b1' })
 */
export async function submit(input: SubmitRequests, given: SubmitOptions): Promise<SubmitResult> {
  checkNames('submit', given, OPTIONS)
  const { batch, results, chunkRows, options = {}, shareName } = given
  checkName(batch)
  checkShareName(shareName)
  const planned = checkOptions(options)
  if (chunkRows !== undefined && !(Number.isInteger(chunkRows) && chunkRows >= 1 && chunkRows <= MOST_CHUNK_ROWS)) {
    throw new ConfigError([`chunkRows: expected an integer from 1 to 100,000, got ${String(chunkRows)}.`])
  }
  return withBroker(given, async broker => {
    const problem = await evictionProblem(broker)
    if (problem !== undefined) warn(problem)
    return submitBatch({
      broker,
      batch,
      results,
      chunkRows,
      input:
        'file' in input
          ? { kind: 'file', path: input.file, format: input.format }
          : { kind: 'rows', rows: rowsOf(input, listedNames((options as Record<string, unknown>)['secretNames'])) },
      plan: { kind: 'options', given: options },
      shareName,
      rates: ratesIn(planned.client),
    })
  })
}

function checkShareName(name: unknown): void {
  const problems: Problem[] = []
  if (name !== undefined) readShareName(name, 'shareName', problems)
  if (problems.length > 0) throw new ConfigError(problems)
}

async function* rowsOf(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  secretNames: ReadonlySet<string> | undefined,
): AsyncGenerator<string, void> {
  let position = 0
  for await (const item of items) {
    yield checkedRow(item, `request ${position}`, secretNames)
    position++
  }
}

/** A request as text. Throws a ConfigError if it cannot be written, or holds a secret. */
export function checkedRow(item: unknown, where: string, secretNames?: ReadonlySet<string>): string {
  let row: string
  try {
    row = rowOf(item)
  } catch (error) {
    throw new ConfigError([`${where}: ${reasonOf(error)}. Workers get requests as JSON.`])
  }
  const secret = secretIn(item instanceof URL ? item.href : item, secretNames)
  if (secret === undefined) return row
  throw new ConfigError([
    `${where}: ${secret}: expected no secret in a request, got one. It would be written to Redis: set it for all requests, as 'env:NAME'.`,
  ])
}

/** Options of `work`: how many chunks and requests a worker takes, and when it ends. */
export interface WorkOptions extends BrokerOptions, SigningOptions {
  /** Names of batches. Default: all batches of this Redis, also those that are submitted later. */
  readonly batches?: readonly string[] | undefined
  /**
   * The folder of the results, if this machine has it at another path. Only with one batch. Default: the folder that
   * the submit named.
   */
  readonly results?: string | undefined
  /** How many chunks of a batch are open at a time. An integer ≥ 1; 0 and `Infinity` are a ConfigError. Default 8. */
  readonly chunks?: number | undefined
  /**
   * How long requests in flight may take after the signal, in milliseconds. Default 20000. 0 aborts them at once;
   * `Infinity` is a ConfigError. More than 24 days count as 24 days.
   */
  readonly graceMs?: number | undefined
  /**
   * What happens to a batch with a rate while Redis cannot be used. False: nothing is sent. True: each worker continues
   * for at most 60 s, at the rates divided by the last known number of workers. Default false.
   */
  readonly localShare?: boolean | undefined
  /** Ends when all batches are done. Default false. */
  readonly untilEmpty?: boolean | undefined
  /**
   * Answers `GET /health` over HTTP at this address: 200 while the worker is healthy, 503 while it shuts down or if
   * Redis has not responded for 30 s. `':9000'` listens on all interfaces, `'127.0.0.1:9000'` on this machine only.
   * Default: none.
   */
  readonly health?: string | undefined
  /** Answers `GET /metrics` with the metrics of Prometheus at this address, which may be that of `health`. Default: none. */
  readonly metrics?: string | undefined
  /** Stops the worker: it starts no more requests, and hands its chunks back. Default none. */
  readonly signal?: AbortSignal | undefined
}

const CHUNKS = 8
const GRACE_MS = 20_000

/**
 * Runs chunks until the signal is aborted. If the process is killed, nothing is lost: another worker takes over its
 * chunks after half a minute, and sends only the requests without a recorded result. While Redis is unreachable, it
 * continues its chunks for up to 20 s, and then waits. If Redis accepts connections but does not respond for 30 s,
 * `work` rejects, so that the process can exit and be restarted.
 *
 * @throws ConfigError (a mistake in the options, Redis or the folder of the results cannot be used)
 * @example await work({ broker, batches: ['b1'], untilEmpty: true })
 */
export function work(given: WorkOptions): Promise<void> {
  return workWith(given)
}

/** @param takeOver other times than those of every worker, for tests that wait for them */
export async function workWith(given: WorkOptions, takeOver?: TakeOver): Promise<void> {
  checkNames('work', given, OPTIONS)
  const { batches, results, chunks = CHUNKS, graceMs = GRACE_MS, untilEmpty = false, signal } = given
  const { localShare = false } = given
  if (batches === undefined && Object.hasOwn(given, 'batch'))
    throw new ConfigError([
      "work: expected batches, a list, got batch. Write batches: ['NAME'], or leave it out for all.",
    ])
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ConfigError([`chunks: expected an integer ≥ 1, got ${String(chunks)}.`])
  if (!isUsableDuration(graceMs)) throw new ConfigError([`graceMs: expected milliseconds ≥ 0, got ${String(graceMs)}.`])
  if (typeof localShare !== 'boolean')
    throw new ConfigError([`localShare: expected true or false, got ${String(localShare)}.`])
  if (results !== undefined && batches?.length !== 1) {
    throw new ConfigError(['results: expected one batch beside it, got none or several. Name the batch.'])
  }
  const file = quarantineFile('quarantine-process')
  const addresses = readProbes(given)
  await withBroker(given, async broker => {
    const parts = {
      broker,
      batches,
      results,
      chunks,
      graceMs,
      untilEmpty,
      localShare,
      planOf: (manifest: Manifest): Planned => planOptions(manifest, process.env),
      say: warn,
      takeOver,
      ...(file !== undefined && { quarantine: { file, more: undefined } }),
    }
    const { worker, probes } = await equip(parts, addresses)
    const stop = (): void => void worker.stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      if (signal?.aborted !== true) await worker.run()
    } finally {
      await probes.close()
      signal?.removeEventListener('abort', stop)
    }
  })
}

/** Options of `collect`: which results are written, and where. */
export interface CollectOptions extends Partial<BatchOptions> {
  /** The folder of the results. Not needed with `broker` and `batch`. Default: the folder that was given to `submit`. */
  readonly results?: string | undefined
  /** A path, or a Writable, which is not ended. */
  readonly output: string | Writable
  /** Whether an existing file is replaced. Default false. */
  readonly overwrite?: boolean | undefined
  /** Write the results so far if the batch is not done. Default false. */
  readonly partial?: boolean | undefined
}

/**
 * Writes the results of a batch as one run file, in the order of its input.
 *
 * @throws ConfigError (the batch is not done, a result is missing or damaged, the file exists)
 * @example await collect({ results: '/shared/b1', output: 'b1.jsonl' })
 */
export async function collect(given: CollectOptions): Promise<Collected> {
  checkNames('collect', given, OPTIONS)
  const { broker, batch, output, overwrite = false, partial = false } = given
  const known =
    broker === undefined || batch === undefined
      ? undefined
      : await withBroker({ broker, brokerTls: given.brokerTls }, opened => control.collectable(opened, batch))
  const results = given.results ?? known?.results
  if (results === undefined) {
    throw new ConfigError([
      'results: expected the folder of the results, or a broker and the name of the batch, got neither.',
    ])
  }
  return collectBatch({ results: absolute(results), output, overwrite, partial, workers: known?.workers })
}

/**
 * The progress of a batch.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example const { state, ok, failed, live } = await status({ broker, batch: 'b1' })
 */
export const status = (given: BatchOptions): Promise<BatchStatus> =>
  withNames('status', given, opened => control.statusOf(opened, given.batch))

/** Options of `watch`. */
export interface WatchOptions extends BatchOptions {
  /** Ends the loop. Default none. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The progress of a batch, once a second, until it is done or cancelled, or has only chunks left that could not be run.
 * Waits while Redis is unreachable.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example for await (const { live } of watch({ broker, batch: 'b1' })) console.log(live.left, live.etaMs)
 */
export async function* watch(given: WatchOptions): AsyncGenerator<BatchStatus, void> {
  checkNames('watch', given, OPTIONS)
  const { batch, signal } = given
  const broker = await openBroker(addressOf(given), 'broker')
  try {
    yield* watchBatch(broker, batch, signal)
  } catch (error) {
    throw broker.explain(error)
  } finally {
    await broker.close()
  }
}

/**
 * Lets workers stop after the requests in flight, and hand back their chunks.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example await pause({ broker, batch: 'b1' })
 */
export const pause = (given: BatchOptions): Promise<void> =>
  withNames('pause', given, opened => control.pause(opened, given.batch))

/**
 * Continues a batch that was paused or cancelled.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example await resume({ broker, batch: 'b1' })
 */
export const resume = (given: BatchOptions & SigningOptions): Promise<Reconciled> =>
  withNames('resume', given, async opened => {
    await control.resume(opened, given.batch)
    return reconcileBatch({ broker: opened, batch: given.batch })
  })

/**
 * Ends a batch: workers abort its requests. Results stay, and `resume` continues it.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example await cancel({ broker, batch: 'b1' })
 */
export const cancel = (given: BatchOptions): Promise<void> =>
  withNames('cancel', given, opened => control.cancel(opened, given.batch))

/** Options of `reconcile`. */
export interface ReconcileOptions extends BatchOptions, SigningOptions {
  /** The folder of the results; needed if Redis has lost the batch. Default: the folder that was given to `submit`. */
  readonly results?: string | undefined
}

/**
 * Repairs a batch after Redis has lost data: each chunk that is not done and not in the queue is added again.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example const { added } = await reconcile({ broker, batch: 'b1', results: '/shared/b1' })
 */
export const reconcile = (given: ReconcileOptions): Promise<Reconciled> =>
  withNames('reconcile', given, opened =>
    reconcileBatch({ broker: opened, batch: given.batch, results: given.results }),
  )

/** New rates of a batch. Rates that are not given stay. */
export interface LimitsOptions extends BatchOptions {
  /**
   * The folder of the results, if this machine has it at another path; needed if Redis has lost the batch. Default:
   * the folder that was given to `submit`.
   */
  readonly results?: string | undefined
  /**
   * The rate of all hosts together; replaces that of `submit`. 0 and `Infinity` are a ConfigError. Default: it
   * stays.
   */
  readonly rateLimit?: ClientOptions['rateLimit']
  /**
   * The burst of this rate: an integer from 1 to the limit; 0 and `Infinity` are a ConfigError. Default 1.
   */
  readonly rateLimitBurst?: number | undefined
  /** The rate of each host. 0 and `Infinity` are a ConfigError. Default: it stays. */
  readonly perHost?: { readonly rateLimit: NonNullable<ClientOptions['rateLimit']> } | undefined
  /** Rates of certain hosts. Default: they stay, and so do those of other hosts. */
  readonly hosts?: Readonly<Record<string, { readonly rateLimit: NonNullable<ClientOptions['rateLimit']> }>> | undefined
}

/**
 * The rates of a batch. Rates that are given are changed: all workers, and all processes that share the rates, apply
 * them within a second. Other rates stay. The last change applies as long as the batch exists, also to workers that
 * start later with other options.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example await limits({ broker, batch: 'b1', rateLimit: '200/s', hosts: { 'api.x.com': { rateLimit: '50/s' } } })
 */
export async function limits({ broker, brokerTls, batch, results, ...given }: LimitsOptions): Promise<BatchLimits> {
  const { values, problems } = tryOptions(given, 'constructor')
  const others = Object.keys(values).filter(name => !CHANGEABLE.includes(name))
  const refused = others.map(
    name => `${name}: cannot be changed while a batch runs, only ${CHANGEABLE.join(', ')} can. Leave it out.`,
  )
  if (problems.length + refused.length > 0) throw new ConfigError([...problems, ...refused])
  const change = Object.keys(given).length === 0 ? undefined : changeIn(values)
  return withBroker({ broker, brokerTls }, opened => limitsOf({ broker: opened, batch, results, change }))
}

const CHANGEABLE: readonly string[] = ['rateLimit', 'rateLimitBurst', 'perHost', 'hosts']

/** Options of `retryBatch`: which failures are sent again. */
export interface RetryBatchOptions extends BatchOptions, SigningOptions {
  /** Which failures are sent again, as in `retryFailed` of a run: `true` = all of them; codes and classes. */
  readonly retryFailed: true | readonly string[]
  /**
   * `'resend'`: also send unsafe requests that may have been carried out. Default: the option of the batch.
   */
  readonly unknownWrites?: 'fail' | 'resend' | undefined
  /** The folder of the results; needed if Redis has lost the batch. Default: the folder that was given to `submit`. */
  readonly results?: string | undefined
}

/**
 * Sends failed requests of a batch again. Their chunks are put into the queue, so the batch is not done until workers have
 * finished them. Chunks that are not done yet are left alone.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example await retryBatch({ broker, batch: 'b1', retryFailed: ['5xx', 'timeout'] })
 */
export async function retryBatch(given: RetryBatchOptions): Promise<RetryResult> {
  checkNames('retryBatch', given, OPTIONS)
  const { batch, results, unknownWrites } = given
  const problems: Problem[] = []
  const retryFailed = given.retryFailed === true ? true : readFailureCodes(given.retryFailed, 'retryFailed', problems)
  if (unknownWrites !== undefined && unknownWrites !== 'fail' && unknownWrites !== 'resend') {
    problems.push(`unknownWrites: expected 'fail' or 'resend', got ${JSON.stringify(unknownWrites)}.`)
  }
  if (retryFailed === undefined || problems.length > 0) throw new ConfigError(problems)
  return withBroker(given, broker => orderRetry({ broker, batch, results, retryFailed, unknownWrites }))
}

/** Options of `dead`. */
export interface DeadOptions extends BatchOptions {
  /** The folder of the results; needed if Redis has lost the batch. Default: the folder that the submit named. */
  readonly results?: string | undefined
}

/**
 * Requests of a batch that crash their worker, and chunks that could not be run.
 *
 * @throws ConfigError (a mistake in the options, Redis cannot be used, there is no such batch)
 * @example for (const { url, message } of (await dead({ broker, batch: 'b1' })).requests) console.log(url, message)
 */
export const dead = (given: DeadOptions): Promise<Dead> =>
  withNames('dead', given, opened => deadOf(opened, given.batch, given.results))

/** Options of `deleteBatch`. */
export interface DeleteOptions extends BatchOptions {
  /** Whether the files of the batch in the folder of its results are deleted as well. Default false. */
  readonly files?: boolean | undefined
}

/**
 * Deletes a batch.
 *
 * @throws ConfigError (Redis cannot be used, workers have chunks of the batch)
 * @example await deleteBatch({ broker, batch: 'b1', files: true })
 */
export const deleteBatch = (given: DeleteOptions): Promise<void> =>
  withNames('deleteBatch', given, async opened => {
    await control.deleteBatch(opened, given.batch, given.files ?? false)
  })

/**
 * Checks whether a Redis server can keep batches.
 *
 * @throws ConfigError (Redis cannot be used at all)
 * @example for (const { what, found, remedy } of await examineBroker({ broker })) console.log(what, found, remedy)
 */
export const examineBroker = (given: BrokerOptions): Promise<BrokerFinding[]> =>
  withNames('examineBroker', given, examine)

/**
 * The batches that Redis knows, by name, and how far each is.
 *
 * @throws ConfigError (Redis cannot be used)
 * @example for (const { batch, state, chunksDone } of await batches({ broker })) console.log(batch, state, chunksDone)
 */
export const batches = (given: BrokerOptions): Promise<BatchInfo[]> => withNames('batches', given, batchesOf)

/**
 * The running workers, by host and process. One that was killed is listed for 15 seconds.
 *
 * @throws ConfigError (Redis cannot be used)
 * @example for (const { host, pid, rate } of await workers({ broker })) console.log(host, pid, rate)
 */
export const workers = (given: BrokerOptions): Promise<WorkerInfo[]> => withNames('workers', given, workersOf)

type AllOptions = SubmitOptions &
  WorkOptions &
  CollectOptions &
  WatchOptions &
  ReconcileOptions &
  RetryBatchOptions &
  DeleteOptions

/** Of all functions but `limits`: callers may share an object with the broker, the batch and its folder. */
const OPTIONS: Names<AllOptions> = {
  broker: true,
  brokerTls: true,
  batch: true,
  batches: true,
  results: true,
  chunkRows: true,
  options: true,
  shareName: true,
  sign: true,
  chunks: true,
  graceMs: true,
  localShare: true,
  untilEmpty: true,
  health: true,
  metrics: true,
  signal: true,
  output: true,
  overwrite: true,
  partial: true,
  retryFailed: true,
  unknownWrites: true,
  files: true,
}

/** Rejects if there are options that no function has. */
async function withNames<O extends BrokerOptions & SigningOptions, T>(
  name: string,
  given: O,
  use: (broker: Broker) => Promise<T>,
): Promise<T> {
  checkNames(name, given, OPTIONS)
  return withBroker(given, use)
}

async function withBroker<T>(given: BrokerOptions & SigningOptions, use: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await openBroker(addressOf(given), 'broker')
  try {
    return await use(broker)
  } catch (error) {
    throw broker.explain(error)
  } finally {
    await broker.close()
  }
}

function addressOf({ broker: url, brokerTls, sign }: BrokerOptions & SigningOptions): BrokerAddress {
  const problems: Problem[] = []
  const tls = brokerTls === undefined ? undefined : readRedisTls(brokerTls, 'brokerTls', problems)
  const wrong = tlsProblem(tls, 'brokerTls', url)
  if (wrong !== undefined) problems.push(wrong)
  if (problems.length > 0) throw new ConfigError(problems)
  const keys = sign === undefined ? undefined : readSigningKeys(sign, 'sign', process.env)
  return { url, tls, keys }
}

const warn = (text: string): void => process.emitWarning(text, 'ParallelRequestsWarning')
