/** Collects the results of a batch: the chunks one after the other, which is the order of the input. In constant memory. */
import { existsSync } from 'node:fs'
import { rename, unlink } from 'node:fs/promises'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ChunkIndex } from './chunk-index.ts'
import type { Chunk } from './chunk.ts'
import { fileOf, readManifest, readSubmitted } from './manifest.ts'
import { sealedPath } from './parts.ts'
import { readRetries } from './retries.ts'
import type { Retries } from './retries.ts'
import { Incomplete, checkedLines } from './sealed.ts'
import type { CheckedLines } from './sealed.ts'
import { unsealedLines } from './unsealed.ts'
import { writeLine } from '../../store/run-lines.ts'
import { ConfigError } from '../../core/error.ts'
import { systemReason } from '../../core/system-reason.ts'

/** What was written of the results of a batch. */
export interface Collected {
  /** The name of the batch. */
  readonly batch: string
  /** Requests whose results were written. */
  readonly requests: number
  /** How many of the results are failures. */
  readonly failed: number
  /** Requests without a result. 0 unless `partial` is set. */
  readonly missing: number
}

export interface CollectParts {
  /** The folder of the results. */
  readonly results: string
  /** A path, or a Writable, which is not ended. */
  readonly output: string | Writable
  readonly overwrite: boolean
  /** Writes the results so far if the batch is not done. */
  readonly partial: boolean
  /** How many workers have run it; undefined if Redis was not asked, or has lost it. */
  readonly workers?: number | undefined
}

export async function collectBatch(parts: CollectParts): Promise<Collected> {
  const { output } = parts
  if (typeof output !== 'string') return writeAll(parts, output)
  if (!parts.overwrite && existsSync(output)) {
    throw new ConfigError([
      `output: ${output} exists. Give another path, or allow it to be overwritten (--overwrite; in code, overwrite: true).`,
    ])
  }
  // A name of its own: another collect may be running.
  const temporary = `${output}.${randomBytes(4).toString('hex')}.tmp`
  const stream = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true })
  const opened = await once(stream, 'open').catch((error: unknown) => error)
  if (opened instanceof Error) {
    throw new ConfigError([`output: cannot write ${output}: ${systemReason(opened)}.`])
  }
  // A write that is under way when it is given up fails later.
  stream.on('error', () => undefined)
  try {
    const collected = await writeAll(parts, stream)
    stream.end()
    await finished(stream)
    await rename(temporary, output)
    return collected
  } catch (error) {
    // A write that still runs fails, and nothing waits for it any more.
    stream.on('error', () => undefined)
    stream.destroy()
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

async function writeAll({ results, partial, workers }: CollectParts, stream: Writable): Promise<Collected> {
  const manifest = await readManifest(results)
  if (manifest === undefined) {
    throw new ConfigError([`results: expected the folder of a batch, got ${results}, which has none.`])
  }
  const { batch, salt, at } = manifest
  if ((await readSubmitted(results)) === undefined && !partial) {
    throw new ConfigError([`batch: ${batch} has not been submitted to its end. Run the same submit again.`])
  }
  const index = new ChunkIndex(fileOf(results, 'index'), 'r')
  try {
    const retries = await readRetries(results)
    const collected = { batch, requests: 0, failed: 0, missing: 0 }
    // The result is a run file: it can be resumed, and reported on.
    await put(stream, Buffer.from(writeLine({ v: 2, salt, at })))
    const about = { at, batch, chunks: index.count, ...(workers !== undefined && { workers }) }
    await put(stream, Buffer.from(writeLine({ run: { event: 'batch', ...about } })))
    for (let number = 0; number < index.count; number++) {
      const chunk = index.read(number) as Chunk
      if (!partial && !existsSync(sealedPath(results, number, retries.generationOf(number))))
        throw notDone(batch, chunk)
      collected.missing += chunk.rows
      for await (const { bytes, results: count, failed } of linesOf(results, chunk, salt, retries)) {
        await put(stream, bytes)
        collected.requests += count
        collected.failed += failed
        collected.missing -= count
      }
    }
    return collected
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error
    throw new ConfigError([
      `results: ${error.message}. Delete this file, reconcile the batch, and let a worker send its requests again.`,
    ])
  } finally {
    index.close()
  }
}

/** The lines of a chunk. One that is not done has those so far. */
async function* linesOf(
  results: string,
  chunk: Chunk,
  salt: string,
  retries: Retries,
): AsyncGenerator<CheckedLines, void> {
  const generation = retries.generationOf(chunk.number)
  const path = sealedPath(results, chunk.number, generation)
  const soFar = existsSync(path) ? undefined : await unsealedLines(results, chunk, salt, retries.order(generation))
  yield* soFar ?? checkedLines(path, chunk)
}

const notDone = (batch: string, { from, rows }: Chunk): ConfigError =>
  new ConfigError([
    `batch: ${batch} is not done: requests ${from} to ${from + rows - 1} are not all finished. Let workers finish them, or collect the results so far (--partial; in code, partial: true).`,
  ])

async function put(stream: Writable, bytes: Buffer): Promise<void> {
  if (stream.errored) throw stream.errored
  if (!stream.write(bytes)) await once(stream, 'drain')
}
