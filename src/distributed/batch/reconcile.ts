/**
 * Makes Redis agree with the folder of the results: each chunk of the list is done, or in the queue, or added again.
 * Repairs what Redis has lost, from the last second of its log to all of its data.
 */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from './broker.ts'
import { ChunkIndex } from './chunk-index.ts'
import { CHUNKS_PER_FOLDER, chunkFolder, chunkName, chunkStem } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { codeOf } from './disk.ts'
import { restoreLimits } from './kept-limits.ts'
import { fileOf, readManifest, readSubmitted } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { sealedPath } from './parts.ts'
import { readRetries } from './retries.ts'
import type { Retries } from './retries.ts'
import { textOf } from './rows.ts'
import { countsOf } from './sealed.ts'
import { addChunks, patiently } from './add-chunks.ts'
import { ConfigError } from '../../core/error.ts'

/** How many chunks Redis had lost, and got again. */
export interface Reconciled {
  /** The name of the batch. */
  readonly batch: string
  /** Chunks of the batch. */
  readonly chunks: number
  /** Chunks that are done. */
  readonly done: number
  /** Chunks that were neither done nor in the queue. */
  readonly added: number
}

const BULK = 64
/** Workers look once a second whether they still have their chunks. */
const NOTICED_MS = 3_000

export async function reconcile({
  broker,
  batch,
  results,
}: {
  readonly broker: Broker
  readonly batch: string
  readonly results?: string | undefined
}): Promise<Reconciled> {
  const manifest = await knownManifest(broker, batch, results)
  const folder = results === undefined ? manifest.results : resolve(results)
  const index = new ChunkIndex(fileOf(folder, 'index'), 'r')
  try {
    const submitted = await readSubmitted(folder)
    const last = index.last
    await broker.setState(batch, {
      chunks: index.count,
      rows: last === undefined ? 0 : last.from + last.rows,
      whole: submitted === undefined ? 0 : 1,
    })
    await restoreLimits(broker, manifest, folder)
    await broker.queue(batch).retryJobs({ state: 'failed' })
    const retries = await readRetries(folder)
    let done = 0
    let added = 0
    let isDamaged = false
    const begun: number[] = []
    const addAll = async (numbers: readonly number[]): Promise<void> => {
      for (let at = 0; at < numbers.length; at += BULK) {
        const chunks = numbers.slice(at, at + BULK).map(number => index.read(number) as Chunk)
        await addAgain(broker, manifest, folder, retries, chunks)
      }
    }
    for (let from = 0; from < index.count; from += CHUNKS_PER_FOLDER) {
      const numbers = Array.from({ length: Math.min(CHUNKS_PER_FOLDER, index.count - from) }, (_, at) => from + at)
      await reopenRetried(broker, batch, folder, retries, numbers)
      const { left, hasParts, isLost } = await markSealed(broker, manifest, folder, retries, numbers)
      done += numbers.length - left.length
      isDamaged ||= isLost
      const missing = await notQueued(broker, batch, left)
      begun.push(...missing.filter(number => hasParts.has(number)))
      await addAll(missing.filter(number => !hasParts.has(number)))
      added += missing.length
    }
    if (begun.length > 0) {
      // A worker may still be sending their requests. It stops when it sees that Redis has lost its chunk.
      await sleep(NOTICED_MS)
      await addAll(begun)
    }
    if (added > 0) await broker.addReadded(batch, added)
    if (isDamaged) await recount(broker, batch, folder, retries, index.count)
    return { batch, chunks: index.count, done, added }
  } finally {
    index.close()
  }
}

/** The description of a batch, from Redis or from the folder of its results. */
export async function knownManifest(broker: Broker, batch: string, results?: string): Promise<Manifest> {
  const there = await broker.manifest(batch)
  if (there !== undefined) return there
  const kept = results === undefined ? undefined : await readManifest(resolve(results))
  if (kept === undefined || kept.batch !== batch) {
    const known = await broker.batches()
    const names = known.length === 0 ? 'There is none at this Redis.' : `There are: ${known.join(', ')}.`
    throw new ConfigError([
      `batch: expected the name of a batch, got ${batch}. ${names} If Redis has lost it, preq reconcile ${batch} --results FOLDER puts it back.`,
    ])
  }
  return broker.announce(kept)
}

/** Chunks that were retried are not done any more. */
async function reopenRetried(
  broker: Broker,
  batch: string,
  folder: string,
  retries: Retries,
  numbers: readonly number[],
): Promise<void> {
  if (retries.count === 0) return
  const first = numbers[0] as number
  const known = await broker.generations(batch, first, numbers.length)
  for (const number of numbers) {
    const generation = retries.generationOf(number)
    const before = known[number - first] ?? 0
    if (before === generation) continue
    const path = sealedPath(folder, number, before)
    const counts = existsSync(path)
      ? await countsOf(path, retries.order(generation)?.retryFailed)
      : { ok: 0, failed: 0, meant: 0 }
    await broker.reopen(batch, { number, generation, counts })
  }
}

/** Returns the chunks that are not done, those of them that were begun, and whether one of them was done and has lost its file. */
async function markSealed(
  broker: Broker,
  manifest: Manifest,
  folder: string,
  retries: Retries,
  numbers: readonly number[],
): Promise<{
  readonly left: readonly number[]
  readonly hasParts: ReadonlySet<number>
  readonly isLost: boolean
}> {
  const { batch } = manifest
  const sealed = await filesIn(folder, numbers[0] as number)
  const begun = new Set([...sealed].map(file => PART.exec(file)?.[1]))
  const bits = await Promise.all(numbers.map(number => broker.isDone(batch, number)))
  const left: number[] = []
  let isLost = false
  for (const [at, number] of numbers.entries()) {
    const generation = retries.generationOf(number)
    const isSealed = sealed.has(`${chunkStem(number, generation)}.ndjson`)
    if (!isSealed) left.push(number)
    if (isSealed && bits[at] !== true) {
      const counts = await countsOf(sealedPath(folder, number, generation))
      await broker.markDone(manifest, { number, generation, counts })
    } else if (!isSealed && bits[at] === true) {
      isLost = true
      await broker.redis.setbit(broker.key(batch, 'done'), number, 0)
    }
  }
  const hasParts = new Set(left.filter(number => begun.has(chunkStem(number, retries.generationOf(number)))))
  return { left, hasParts, isLost }
}

/** A file that was deleted has taken its counts with it. */
async function recount(broker: Broker, batch: string, folder: string, retries: Retries, chunks: number): Promise<void> {
  let ok = 0
  let failed = 0
  for (let number = 0; number < chunks; number++) {
    const path = sealedPath(folder, number, retries.generationOf(number))
    if (!existsSync(path)) continue
    const counts = await countsOf(path)
    ok += counts.ok
    failed += counts.failed
  }
  await broker.setState(batch, { ok, failed })
}

const PART = /^(.+)\.e\d+\.ndjson$/

async function filesIn(folder: string, number: number): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(join(folder, chunkFolder(number))))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return new Set()
    throw error
  }
}

async function notQueued(broker: Broker, batch: string, numbers: readonly number[]): Promise<number[]> {
  const queue = broker.queue(batch)
  const there = await Promise.all(numbers.map(number => broker.redis.exists(queue.toKey(chunkName(number)))))
  return numbers.filter((_, at) => there[at] === 0)
}

async function addAgain(
  broker: Broker,
  manifest: Manifest,
  folder: string,
  retries: Retries,
  chunks: readonly Chunk[],
): Promise<void> {
  const isInline = manifest.rows.kind === 'inline'
  const held: [Chunk, string | undefined, number][] = []
  for (const chunk of chunks) {
    const text = isInline ? await textOf(manifest, chunk, undefined, folder) : undefined
    held.push([chunk, text, retries.generationOf(chunk.number)])
  }
  await patiently(() => addChunks(broker, manifest, held))
}
