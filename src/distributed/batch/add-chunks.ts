/** Adds chunks to the queue. */
import { setTimeout as sleep } from 'node:timers/promises'
import { JOB } from './broker.ts'
import type { Broker, ChunkJob } from './broker.ts'
import { chunkName } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import type { Manifest } from './manifest.ts'
import { manifestProblem, signChunk } from './signature.ts'
import { ConfigError } from '../../core/error.ts'

const BUSY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'])
const MOST_TRIES = 20

/** A chunk that is there already stays as it is. */
export async function addChunks(
  broker: Broker,
  manifest: Manifest,
  chunks: readonly (readonly [chunk: Chunk, text: string | undefined, generation?: number])[],
): Promise<void> {
  const { batch, id, rows } = manifest
  const { keys } = broker
  const problem = manifestProblem(manifest, keys)
  if (problem !== undefined) throw new ConfigError([`batch: ${problem}`])
  const jobs = chunks.map(([{ number, digest, offset, length, from }, text, generation = 0]) => {
    const data: ChunkJob = {
      v: 1,
      batch: id,
      number,
      digest,
      ...(generation > 0 && { generation }),
      ...(text !== undefined && { text }),
      ...(rows.kind === 'file' && { rows: { path: rows.path, offset, length, from } }),
    }
    const signed = keys === undefined ? data : { ...data, signature: signChunk(data, manifest, keys) }
    return { name: JOB, data: signed, opts: { jobId: chunkName(number) } }
  })
  await broker.queue(batch).addBulk(jobs)
}

/** Repeats what Redis did not take: it is away for a moment, or its memory is full until workers have made room. */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const passes =
        BUSY.has(code ?? '') || /OOM |timed out|Connection is closed|isn't writeable|max retries/i.test(message)
      if (!passes || tries >= MOST_TRIES) throw error
      await sleep(Math.min(100 * 2 ** tries, 2_000))
    }
  }
}
