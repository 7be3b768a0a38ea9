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
import { sealedBefore } from './earlier.ts'
import { sealedPath } from './parts.ts'
import { readRetries } from './retries.ts'
import { Incomplete, checkedBytes } from './sealed.ts'
import { writeLine } from '../../store/run-lines.ts'
import { ConfigError } from '../../core/error.ts'
import { systemReason } from '../../core/system-reason.ts'

/** What was written of the results of a batch. */
export interface Collected {
  readonly batch: string
  readonly requests: number
  /** Requests without a result. 0 unless `partial` is set. */
  readonly missing: number
}

export interface CollectParts {
  /** The folder of the results. */
  readonly results: string
  /** A path, or a Writable, which is not ended. */
  readonly output: string | Writable
  readonly overwrite: boolean
  /** Leaves out chunks that are not done. */
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
    let requests = 0
    let missing = 0
    // The result is a run file: it can be resumed, and reported on.
    await put(stream, Buffer.from(writeLine({ v: 2, salt, at })))
    const about = { at, batch, chunks: index.count, ...(workers !== undefined && { workers }) }
    await put(stream, Buffer.from(writeLine({ run: { event: 'batch', ...about } })))
    for (let number = 0; number < index.count; number++) {
      const chunk = index.read(number) as Chunk
      const generation = retries.generationOf(number)
      const newest = sealedPath(results, number, generation)
      // Those of a retry that is not done have the results before it.
      const path = existsSync(newest) ? newest : partial ? sealedBefore(results, number, generation) : undefined
      if (path !== undefined) {
        for await (const bytes of checkedBytes(path, chunk)) await put(stream, bytes)
        requests += chunk.rows
      } else if (partial) missing += chunk.rows
      else {
        throw new ConfigError([
          `batch: ${batch} is not done: requests ${chunk.from} to ${chunk.from + chunk.rows - 1} have no results yet. Let workers finish it, or collect what is there (--partial; in code, partial: true).`,
        ])
      }
    }
    return { batch, requests, missing }
  } catch (error) {
    if (!(error instanceof Incomplete)) throw error
    throw new ConfigError([
      `results: ${error.message}. Delete this file, reconcile the batch, and let a worker send its requests again.`,
    ])
  } finally {
    index.close()
  }
}

async function put(stream: Writable, bytes: Buffer): Promise<void> {
  if (stream.errored) throw stream.errored
  if (!stream.write(bytes)) await once(stream, 'drain')
}
