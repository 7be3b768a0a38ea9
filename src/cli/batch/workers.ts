/** `preq workers`: who works at a Redis. */
import { table } from '../table.ts'
import { formatDuration } from '../../core/duration.ts'
import type { WorkerInfo } from '../../distributed/batch/workers.ts'

const HEAD = ['HOST', 'PID', 'VERSION', 'CHUNKS', 'ON THE WIRE', 'REQUESTS/S', 'LAST SEEN', 'BATCHES'] as const

/** A table, one line per worker. */
export function workersTable(workers: readonly WorkerInfo[]): string {
  return table(HEAD, workers.map(cellsOf))
}

function cellsOf({ host, pid, version, chunks, inFlight, rate, seenMsAgo, batches, state }: WorkerInfo): string[] {
  const names = batches.map(({ batch }) => batch).join(', ')
  const all = [
    host,
    String(pid),
    version,
    String(chunks),
    String(inFlight),
    rate.toFixed(1),
    `${formatDuration(seenMsAgo)} ago`,
  ]
  return [...all, state === 'stopping' ? `${names} (stopping)` : names]
}
