/** The results of a chunk before a retry: those that stay, and those whose requests are sent again. */
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Chunk } from './chunk.ts'
import { readParts, sealedPath } from './parts.ts'
import type { Past, Place } from './parts.ts'
import type { RetryOrder } from './retries.ts'
import { linesOf } from './sealed.ts'
import { isMeant } from '../../core/failure-codes.ts'
import type { DoneLine } from '../../core/journal.ts'
import { readLine } from '../../store/run-lines.ts'

export interface Earlier {
  /** By position. */
  readonly kept: ReadonlyMap<number, Place>
  readonly again: ReadonlyMap<number, Place>
  /** The lines of those that are sent again, without their ends. */
  readonly lines: readonly Buffer[]
  /** By id. */
  readonly read: (id: string) => Promise<DoneLine>
}

/** The newest sealed file of a chunk before this generation. Undefined if there is none. */
export function sealedBefore(results: string, chunk: number, generation: number): string | undefined {
  for (let before = generation - 1; before >= 0; before--) {
    const path = sealedPath(results, chunk, before)
    if (existsSync(path)) return path
  }
  return undefined
}

/** What is known of a chunk. @param order the retry that asks for it */
export async function pastOf(
  results: string,
  chunk: Chunk,
  salt: string,
  order: RetryOrder | undefined,
): Promise<Past> {
  if (order === undefined) return readParts(results, chunk, salt)
  const earlier = await readEarlier(results, chunk, order)
  return readParts(results, chunk, salt, { generation: order.generation, earlier })
}

/** Undefined if there is no sealed file: then all of its requests are sent. */
async function readEarlier(results: string, chunk: Chunk, order: RetryOrder): Promise<Earlier | undefined> {
  const path = sealedBefore(results, chunk.number, order.generation)
  if (path === undefined) return undefined
  const file = basename(path)
  const kept = new Map<number, Place>()
  const again = new Map<number, Place>()
  const byId = new Map<string, Place>()
  const lines: Buffer[] = []
  let offset = 0
  for await (const group of linesOf(path)) {
    for (const bytes of group) {
      const line = bytes.subarray(0, -1)
      const reading = readLine(line)
      const { length } = bytes
      // The request of a damaged line is sent again.
      if (reading.kind === 'done') {
        const { index, id, ok, error } = reading.line
        const place = { file, offset, length, ok }
        if (ok || !isMeant(order.retryFailed, error?.code)) kept.set(index, place)
        else {
          again.set(index, place)
          byId.set(id, place)
          lines.push(Buffer.from(line))
        }
      }
      offset += length
    }
  }
  return { kept, again, lines, read: id => readAt(path, id, byId.get(id)) }
}

async function readAt(path: string, id: string, place: Place | undefined): Promise<DoneLine> {
  if (place === undefined) throw new Error(`${path} has no line of ${id}`)
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(place.length - 1), 0, place.length - 1, place.offset)
    const reading = readLine(buffer.subarray(0, bytesRead))
    if (reading.kind === 'done') return reading.line
    throw new Error(`the line of ${id} in ${path} is damaged`)
  } finally {
    await file.close()
  }
}
