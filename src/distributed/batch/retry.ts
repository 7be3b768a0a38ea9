/** Orders a retry: finds the failures that are meant, and puts their chunks into the queue again. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Broker } from './broker.ts'
import { ChunkIndex } from './chunk-index.ts'
import { fileOf } from './manifest.ts'
import { sealedPath } from './parts.ts'
import { knownManifest, reconcile } from './reconcile.ts'
import { MOST_GENERATIONS, readRetries, setBit, writeOrder } from './retries.ts'
import { countsOf } from './sealed.ts'
import { manifestProblem } from './signature.ts'
import { withTurn } from './turn.ts'
import { ConfigError } from '../../core/error.ts'
import type { MeantFailures } from '../../core/failure-codes.ts'

export interface RetryParts {
  readonly broker: Broker
  readonly batch: string
  readonly results?: string | undefined
  readonly retryFailed: MeantFailures
  readonly unknownWrites?: 'fail' | 'resend' | undefined
}

/** What is sent again. */
export interface RetryResult {
  /** The name of the batch. */
  readonly batch: string
  /** Failures that are sent again. */
  readonly requests: number
  /** The chunks in which they are. */
  readonly chunks: number
}

export function orderRetry(parts: RetryParts): Promise<RetryResult> {
  return withTurn(parts.broker, parts.batch, keep => orderAlone(parts, keep))
}

async function orderAlone(parts: RetryParts, keep: () => Promise<void>): Promise<RetryResult> {
  const { broker, batch, results, retryFailed, unknownWrites } = parts
  const manifest = await knownManifest(broker, batch, results)
  const folder = results === undefined ? manifest.results : resolve(results)
  const problem = manifestProblem(manifest, broker.keys)
  if (problem !== undefined) throw new ConfigError([`batch: ${problem}`])
  if ((await broker.state(batch))['cancelled'] === '1') {
    throw new ConfigError([`batch: ${batch} is cancelled. Resume it first.`])
  }
  const retries = await readRetries(folder)
  const generation = retries.count + 1
  if (generation > MOST_GENERATIONS) {
    throw new ConfigError([
      `batch: ${batch} has been retried ${retries.count} times, which is the most. Collect it, and send its failures again with a local run.`,
    ])
  }
  const found = await findFailures(folder, chunk => retries.generationOf(chunk), retryFailed)
  if (found.requests > 0) {
    await keep()
    const at = new Date().toISOString()
    const chunks = Buffer.from(found.bits).toString('base64')
    const order = { v: 1, generation, at, retryFailed, requests: found.requests, chunks } as const
    await writeOrder(folder, unknownWrites === undefined ? order : { ...order, unknownWrites })
  }
  // Also what a retry before has left, if it was killed.
  await reconcile({ broker, batch, results })
  return { batch, requests: found.requests, chunks: found.chunks }
}

interface Found {
  readonly requests: number
  readonly chunks: number
  readonly bits: Uint8Array
}

/** The failures in chunks that are done. Others are still being sent. */
async function findFailures(
  folder: string,
  generationOf: (chunk: number) => number,
  meant: MeantFailures,
): Promise<Found> {
  const index = new ChunkIndex(fileOf(folder, 'index'), 'r')
  const { count } = index
  index.close()
  const bits = new Uint8Array(Math.ceil(count / 8))
  let requests = 0
  let chunks = 0
  for (let chunk = 0; chunk < count; chunk++) {
    const path = sealedPath(folder, chunk, generationOf(chunk))
    if (!existsSync(path)) continue
    const { meant: failures } = await countsOf(path, meant)
    if (failures === 0) continue
    requests += failures
    chunks++
    setBit(bits, chunk)
  }
  return { requests, chunks, bits }
}
