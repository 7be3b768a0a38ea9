/** `preq workers`: who works at a Redis. */
import { formatDuration } from '../../core/duration.ts'
import { printable } from '../../core/printable.ts'
import type { WorkerInfo } from '../../distributed/batch/workers.ts'

const HEAD = ['HOST', 'PID', 'VERSION', 'CHUNKS', 'ON THE WIRE', 'REQUESTS/S', 'LAST SEEN', 'BATCHES'] as const

/** A table, one line per worker. */
export function workersTable(workers: readonly WorkerInfo[]): string {
  const rows = [HEAD, ...workers.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map(row => (row[column] as string).length)))
  return rows
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
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
  return [...all, state === 'stopping' ? `${names} (stopping)` : names].map(printable)
}
