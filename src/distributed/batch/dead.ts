/** What a batch has given up: requests that end their process, and chunks that could not be run. */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Broker } from './broker.ts'
import { ChunkIndex } from './chunk-index.ts'
import { CHUNKS_PER_FOLDER, chunkFolder } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { codeOf } from './disk.ts'
import { pastOf, sealedBefore } from './earlier.ts'
import { linesAt, partFolder } from './parts.ts'
import { fileOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { knownManifest } from './reconcile.ts'
import { readRetries } from './retries.ts'
import type { Retries } from './retries.ts'
import { linesOf } from './sealed.ts'
import type { DoneLine } from '../../core/journal.ts'
import { readLine } from '../../store/run-lines.ts'

/** A request that has failed as `resource/poison`. */
export interface DeadRequest {
  /** Its position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string
  /** The method. */
  readonly method: string
  /** Secrets are redacted. */
  readonly url: string
  /** What is known of its end. */
  readonly message: string
  /** When it was given up (ISO 8601, in UTC). */
  readonly at: string
}

/** A chunk that could not be run, because its rows or its results cannot be read or written. `reconcile` tries it again. */
export interface DeadChunk {
  /** The number of the chunk, from 0. */
  readonly chunk: number
  /** The position of its first request in the input, from 0. */
  readonly from: number
  /** Requests in the chunk. */
  readonly requests: number
  /** Why it could not be run. */
  readonly message: string
}

/** What of a batch could not be run: requests that end their process, and chunks. */
export interface Dead {
  /** The name of the batch. */
  readonly batch: string
  /** Requests that end the process of their worker. */
  readonly requests: readonly DeadRequest[]
  /** Chunks that could not be run. */
  readonly chunks: readonly DeadChunk[]
}

const POISON = 'resource/poison'
const PATTERN = /^c(\d+)\.poison$/

export async function deadOf(broker: Broker, batch: string, results?: string): Promise<Dead> {
  const manifest = await knownManifest(broker, batch, results)
  const folder = results === undefined ? manifest.results : resolve(results)
  const index = new ChunkIndex(fileOf(folder, 'index'), 'r')
  try {
    const requests: DeadRequest[] = []
    const retries = await readRetries(folder)
    for (let first = 0; first < index.count; first += CHUNKS_PER_FOLDER) {
      for (const number of await poisonedIn(folder, first)) {
        const chunk = index.read(number)
        if (chunk !== undefined) requests.push(...(await deadRequests(folder, chunk, manifest, retries)))
      }
    }
    const jobs = await broker.queue(batch).getFailed()
    const chunks = jobs.flatMap(({ data, failedReason }) => {
      const { number } = data as { readonly number?: unknown }
      const chunk = typeof number === 'number' ? index.read(number) : undefined
      if (chunk === undefined) return []
      return [{ chunk: chunk.number, from: chunk.from, requests: chunk.rows, message: failedReason }]
    })
    return { batch, requests, chunks: chunks.toSorted((a, b) => a.chunk - b.chunk) }
  } finally {
    index.close()
  }
}

/** The chunks in the folder of this one that have had such a request. */
async function poisonedIn(results: string, first: number): Promise<number[]> {
  try {
    const names = await readdir(join(results, chunkFolder(first)))
    return names
      .flatMap(name => PATTERN.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Its newest results say whether a request has failed: a retry may have succeeded. */
async function deadRequests(
  results: string,
  chunk: Chunk,
  { salt }: Manifest,
  retries: Retries,
): Promise<DeadRequest[]> {
  const generation = retries.generationOf(chunk.number)
  const sealed = sealedBefore(results, chunk.number, generation + 1)
  const found: DeadRequest[] = []
  const note = (line: Buffer): void => {
    const reading = readLine(line.subarray(0, -1))
    if (reading.kind === 'done' && reading.line.error?.code === POISON) found.push(deadIn(reading.line))
  }
  if (sealed !== undefined) {
    for await (const lines of linesOf(sealed)) lines.forEach(note)
    return found
  }
  const { done } = await pastOf(results, chunk, salt, retries.order(generation))
  const failed = [...done.values()].filter(({ ok }) => !ok)
  for await (const lines of linesAt(partFolder(results, chunk.number), failed)) lines.forEach(note)
  return found
}

function deadIn({ index, key, method, url, error, at }: DoneLine): DeadRequest {
  return { index, ...(key !== undefined && { key }), method, url, message: error?.message ?? '', at }
}
