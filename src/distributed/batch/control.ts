/** What is asked of a batch while it runs, and how far it is. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Broker } from './broker.ts'
import { CHUNKS_PER_FOLDER, chunkFolder } from './chunk.ts'
import { FILES } from './manifest.ts'
import type { Counted } from './live-counts.ts'
import { knownManifest } from './reconcile.ts'
import { limitsKey } from '../limits/redis-leases.ts'
import { ratesPrefix } from '../limits/redis-limits.ts'
import { readRetries, retryFile } from './retries.ts'
import { workersOf } from './workers.ts'
import type { WorkerInfo } from './workers.ts'
import { ConfigError } from '../../core/error.ts'

/** How far a batch is. */
export interface BatchStatus {
  /** The name of the batch. */
  readonly batch: string
  /** `'submitting'`: requests are still added. `'done'`: every chunk has its results. */
  readonly state: 'submitting' | 'running' | 'paused' | 'cancelled' | 'done'
  /** The number of requests that have been submitted so far. */
  readonly requests: number
  /** The number of chunks that have been submitted so far. */
  readonly chunks: number
  /** Exact: a chunk counts when all of its results are in the folder of the results. */
  readonly chunksDone: number
  /** Of the chunks that are done: requests that succeeded. */
  readonly ok: number
  /** Of the chunks that are done: requests that failed. */
  readonly failed: number
  /** Chunks in the queue. */
  readonly waiting: number
  /** Chunks that a worker has. */
  readonly active: number
  /** Chunks that could not be run; `dead` says why. */
  readonly stuck: number
  /** The folder of the results. */
  readonly results: string
  /** What the workers counted last. */
  readonly live: LiveStatus
}

/**
 * Counted by the workers once a second. Requests that are sent again, because a worker was killed, may count twice, until
 * the batch is done.
 */
export interface LiveStatus {
  /** Requests that succeeded. */
  readonly ok: number
  /** Requests that failed. */
  readonly failed: number
  /** Requests without a result. */
  readonly left: number
  /** Attempts after the first one of each request. */
  readonly retries: number
  /** The bytes of all decoded bodies. */
  readonly bytes: number
  /** Workers that have the batch now. 0 once it is done. */
  readonly workers: number
  /** Attempts on the wire, over all workers. */
  readonly inFlight: number
  /** Requests per second, over all workers and the last few seconds. */
  readonly rate: number
  /** The remaining milliseconds at that rate. Absent if it is 0, or if the batch is not running. */
  readonly etaMs?: number
}

export async function statusOf(broker: Broker, batch: string): Promise<BatchStatus> {
  const manifest = await knownManifest(broker, batch)
  const queue = broker.queue(batch)
  const [state, chunksDone, counts, isPaused, live, workers] = await Promise.all([
    broker.state(batch),
    broker.countDone(batch),
    queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed'),
    queue.isPaused(),
    broker.live(batch),
    workersOf(broker),
  ])
  const chunks = Number(state['chunks'] ?? 0)
  const requests = Number(state['rows'] ?? 0)
  const exact = { ok: Number(state['ok'] ?? 0), failed: Number(state['failed'] ?? 0) }
  const now = stateIn(state, chunksDone, isPaused)
  return {
    batch,
    state: now,
    requests,
    chunks,
    chunksDone,
    ...exact,
    waiting: (counts['waiting'] ?? 0) + (counts['delayed'] ?? 0) + (counts['prioritized'] ?? 0),
    active: counts['active'] ?? 0,
    stuck: counts['failed'] ?? 0,
    results: manifest.results,
    live: liveStatus({ batch, requests, state: now, isDone: chunksDone >= chunks, exact, live, workers }),
  }
}

/** @param state what Redis keeps of the batch */
export function stateIn(
  state: Readonly<Record<string, string>>,
  chunksDone: number,
  isPaused: boolean,
): BatchStatus['state'] {
  const isWhole = state['whole'] === '1'
  if (isWhole && chunksDone >= Number(state['chunks'] ?? 0)) return 'done'
  if (state['cancelled'] === '1') return 'cancelled'
  if (isPaused) return 'paused'
  return isWhole ? 'running' : 'submitting'
}

interface LiveFacts {
  readonly batch: string
  readonly requests: number
  readonly state: BatchStatus['state']
  readonly isDone: boolean
  /** Of the chunks that are done. */
  readonly exact: { readonly ok: number; readonly failed: number }
  readonly live: Counted
  readonly workers: readonly WorkerInfo[]
}

/** A worker that has told nothing for so long may be dead: what it was doing then is not what happens now. */
const QUIET_MS = 5_000

export function liveStatus({ batch, requests, state, isDone, exact, live, workers }: LiveFacts): LiveStatus {
  // A worker tells a moment later that it has nothing left of a batch that is done.
  const having = state === 'done' ? [] : workers.filter(({ batches }) => batches.some(one => one.batch === batch))
  const heard = having
    .filter(({ seenMsAgo }) => seenMsAgo < QUIET_MS)
    .flatMap(({ batches }) => batches.filter(one => one.batch === batch))
  const inFlight = heard.reduce((sum, one) => sum + one.inFlight, 0)
  const isMoving = state === 'running' || state === 'submitting' || inFlight > 0
  const rate = isMoving ? heard.reduce((sum, one) => sum + one.rate, 0) : 0
  // Redis may have lost what was counted.
  const failed = isDone ? exact.failed : Math.min(requests, Math.max(exact.failed, live.failed))
  const ok = isDone ? exact.ok : Math.min(requests - failed, Math.max(exact.ok, live.ok))
  const left = requests - ok - failed
  const { retries, bytes } = live
  return {
    ok,
    failed,
    left,
    retries,
    bytes,
    workers: having.length,
    inFlight,
    rate: Math.round(rate * 10) / 10,
    ...(state === 'running' && rate > 0 && { etaMs: Math.round((left / rate) * 1_000) }),
  }
}

/** What is collected: where its results are, and how many workers have run it. */
export async function collectable(
  broker: Broker,
  batch: string,
): Promise<{ readonly results: string; readonly workers: number | undefined }> {
  const { results } = await knownManifest(broker, batch)
  const { workers } = await broker.live(batch)
  return { results, workers: workers === 0 ? undefined : workers }
}

export async function pause(broker: Broker, batch: string): Promise<void> {
  await knownManifest(broker, batch)
  await broker.queue(batch).pause()
}

/** A cancelled batch goes on as well: `reconcile` adds its chunks again. */
export async function resume(broker: Broker, batch: string): Promise<void> {
  await knownManifest(broker, batch)
  await broker.setState(batch, { cancelled: 0 })
  await broker.queue(batch).resume()
}

/**
 * Empties the queue; workers abort what they have of it, and hand it back. Results stay. Nothing is taken from the queue
 * until it is resumed.
 */
export async function cancel(broker: Broker, batch: string): Promise<void> {
  await knownManifest(broker, batch)
  await broker.setState(batch, { cancelled: 1 })
  await broker.queue(batch).pause()
  await broker.queue(batch).drain(true)
}

/** Resolves with the folder of the results. @param files whether its files go as well */
export async function deleteBatch(broker: Broker, batch: string, files: boolean): Promise<string> {
  const manifest = await knownManifest(broker, batch)
  const { results } = manifest
  const { state } = await statusOf(broker, batch)
  const held = await broker.heldChunks(batch)
  if (held > 0) {
    throw new ConfigError([
      `batch: ${batch} is ${state}: workers have ${held} of its chunks. Cancel it and wait until they have stopped, then delete it.`,
    ])
  }
  // Those of workers that died are active, too, until another worker looks for them.
  await broker.queue(batch).obliterate({ force: true })
  await broker.forget(batch)
  // Others may use those of another name.
  if (manifest.shareName === undefined) await broker.redis.del(limitsKey(ratesPrefix(batch)))
  if (files) await deleteFiles(results)
  return results
}

async function deleteFiles(results: string): Promise<void> {
  // Only what is ours: the folder may have other files.
  const { count } = await readRetries(results)
  const retries = Array.from({ length: count }, (_, at) => retryFile(at + 1))
  for (const name of [...Object.values(FILES), ...retries]) await rm(join(results, name), { force: true })
  for (let number = 0; ; number += CHUNKS_PER_FOLDER) {
    const folder = join(results, chunkFolder(number))
    const isThere = await rm(folder, { recursive: true }).then(
      () => true,
      () => false,
    )
    if (!isThere) return
  }
}
