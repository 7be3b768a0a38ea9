/** Rates that hold for all processes of a batch together. */
import type { Redis } from 'ioredis'
import { patiently } from './add-chunks.ts'
import { readKept } from './kept-limits.ts'
import { shareNameOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { borrowedLink } from '../limits/redis-leases.ts'
import { sharedThrough } from '../limits/redis-limits.ts'
import type { SharedLimits } from '../../core/shared-limits.ts'

export interface BatchLimitsParts {
  readonly redis: Redis
  /** Where Redis is, for messages. */
  readonly place: string
  /** Whether the batch goes on at an equal part of its rates while Redis is away. */
  readonly localShare: boolean
  readonly say: (text: string) => void
}

/** @param results the folder of the results, which keeps the limits that were set for the batch */
export async function batchLimits(
  manifest: Manifest,
  results: string,
  { redis, place, localShare, say }: BatchLimitsParts,
): Promise<SharedLimits> {
  const known = await readKept(results)
  const link = borrowedLink(redis, { subject: `batch ${manifest.batch}`, place, first: patiently })
  return sharedThrough({ link, name: shareNameOf(manifest), localShare, known, warn: say })
}
