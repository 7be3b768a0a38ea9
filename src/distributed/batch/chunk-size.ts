/**
 * How many requests a chunk has if nobody says it. Each chunk has a price (its files, its job, its start), so larger ones
 * are faster; but a batch needs enough of them for all workers. Only the length of a file is known in advance.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { SubmitInput } from './submit.ts'
import { LF } from '../../core/ascii.ts'

const LEAST_ROWS = 1_000
const MOST_ROWS = 4_000
/** As many chunks as a file is divided into, if their size allows it. */
const CHUNKS = 64
/** How much of a file is read to estimate its number of lines. */
const SAMPLE_BYTES = 1 << 18

/** Always the same for the same file: a submit that was killed goes on with it. */
export function defaultChunkRows(input: SubmitInput): number {
  if (input.kind === 'rows') return LEAST_ROWS
  return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, Math.ceil(estimatedLines(input.path) / CHUNKS)))
}

function estimatedLines(path: string): number {
  const stat = statSync(path)
  const { size } = stat
  // A pipe would be waited for.
  if (!stat.isFile()) return 0
  const fd = openSync(path, 'r')
  try {
    const sample = Buffer.alloc(Math.min(size, SAMPLE_BYTES))
    const read = readSync(fd, sample, 0, sample.length, 0)
    let lines = 0
    for (let at = sample.indexOf(LF); at !== -1; at = sample.indexOf(LF, at + 1)) lines++
    return read === 0 ? 0 : (lines / read) * size
  } finally {
    closeSync(fd)
  }
}
