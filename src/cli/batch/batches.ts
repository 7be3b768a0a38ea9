/** `preq batches`: which batches a Redis has, and how far each is. */
import { table } from '../table.ts'
import type { BatchInfo } from '../../distributed/batch/list.ts'

const HEAD = ['BATCH', 'STATE', 'CHUNKS', 'REQUESTS', 'FAILED', 'AGE']

/** A table, one line per batch. */
export const batchesTable = (batches: readonly BatchInfo[], nowMs: number): string =>
  table(
    HEAD,
    batches.map(({ batch, state, stuck, chunksDone, chunks, requests, failed, submittedAt }) => [
      batch,
      stuck === 0 ? state : `${state} (${stuck} stuck)`,
      `${chunksDone}/${chunks}`,
      String(requests),
      String(failed),
      ageText(nowMs - Date.parse(submittedAt ?? '')),
    ]),
  )

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** In the largest unit that fits: `3d`, `12m`. The clocks of two machines may differ. */
function ageText(ageMs: number): string {
  if (Number.isNaN(ageMs)) return '-'
  const [unit, ms] = UNITS.find(([, size]) => ageMs >= size) ?? ['s', 1_000]
  return `${Math.max(0, Math.floor(ageMs / ms))}${unit}`
}
