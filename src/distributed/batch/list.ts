/** The batches of a Redis, and how far each is. Says less than a status, which asks the workers, too. */
import type { Broker } from './broker.ts'
import { stateIn } from './control.ts'
import type { BatchStatus } from './control.ts'
import type { Manifest } from './manifest.ts'
import { ConfigError } from '../../core/error.ts'

/** A batch in the list of all batches. */
export interface BatchInfo {
  /** Its name. */
  readonly batch: string
  /** `lost`: Redis has only its name; `reconcile` repairs that. */
  readonly state: BatchStatus['state'] | 'lost'
  /** The number of requests that have been submitted so far. */
  readonly requests: number
  /** The number of chunks that have been submitted so far. */
  readonly chunks: number
  /** Exact: a chunk counts when all of its results are in the folder of the results. */
  readonly chunksDone: number
  /** Requests that succeeded, of the chunks that are done. */
  readonly ok: number
  /** Requests that failed, of the chunks that are done. */
  readonly failed: number
  /** Chunks that could not be run. */
  readonly stuck: number
  /** When it was submitted, ISO 8601, by the clock of that machine. Absent if the batch is lost. */
  readonly submittedAt?: string
  /** The folder of the results. Absent if the batch is lost. */
  readonly results?: string
}

/** By name. */
export async function batchesOf(broker: Broker): Promise<BatchInfo[]> {
  const names = await broker.batches()
  const found: BatchInfo[] = []
  for (let from = 0; from < names.length; from += AT_ONCE) {
    found.push(...(await Promise.all(names.slice(from, from + AT_ONCE).map(name => infoOf(broker, name)))))
  }
  return found
}

const AT_ONCE = 64

async function infoOf(broker: Broker, batch: string): Promise<BatchInfo> {
  const queue = broker.queue(batch)
  const [manifest, state, chunksDone, stuck, isPaused] = await Promise.all([
    readable(broker, batch),
    broker.state(batch),
    broker.countDone(batch),
    queue.getFailedCount(),
    queue.isPaused(),
  ])
  await broker.closeQueue(batch)
  const number = (field: string): number => Number(state[field] ?? 0)
  return {
    batch,
    state: manifest === undefined ? 'lost' : stateIn(state, chunksDone, isPaused),
    requests: number('rows'),
    chunks: number('chunks'),
    chunksDone,
    ok: number('ok'),
    failed: number('failed'),
    stuck,
    ...(manifest !== undefined && { submittedAt: manifest.at, results: manifest.results }),
  }
}

/** A description that another program has damaged does not hide the other batches. */
async function readable(broker: Broker, batch: string): Promise<Manifest | undefined> {
  try {
    return await broker.manifest(batch)
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}
