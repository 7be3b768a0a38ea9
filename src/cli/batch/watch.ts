/** `preq status NAME --watch`: redrawn on a terminal once a second, lines of JSON elsewhere, until the batch ends. */
import { counted } from './counted.ts'
import { drawOn } from '../../display/draw.ts'
import { canDraw } from '../../display/line.ts'
import { paintFor } from '../../display/paint.ts'
import type { Paint } from '../../display/paint.ts'
import { screen } from '../../display/screen.ts'
import { percentOf } from '../../core/progress.ts'
import type { Progress } from '../../core/progress.ts'
import { printable } from '../../core/printable.ts'
import type { Broker } from '../../distributed/batch/broker.ts'
import type { BatchStatus } from '../../distributed/batch/control.ts'
import { watchBatch } from '../../distributed/batch/watch.ts'

export interface WatchParts {
  readonly broker: Broker
  readonly batch: string
  readonly isJson: boolean
  readonly stream: NodeJS.WriteStream
}

/** Returns the exit code: 0 if the batch is done. */
export async function watch({ broker, batch, isJson, stream }: WatchParts): Promise<number> {
  const ending = new AbortController()
  const stop = (): void => ending.abort()
  process.once('SIGINT', stop)
  const draw = !isJson && canDraw(stream) ? await drawOn(stream) : undefined
  const paint = paintFor(stream)
  let last: BatchStatus | undefined
  try {
    for await (const status of watchBatch(broker, batch, ending.signal)) {
      last = status
      if (draw === undefined) stream.write(`${JSON.stringify(status)}\n`)
      else draw(watchScreen(status, stream.columns, paint))
    }
  } finally {
    draw?.done()
    process.off('SIGINT', stop)
  }
  return last?.state === 'done' || ending.signal.aborted ? 0 : 1
}

/** Never wider than the terminal. */
export function watchScreen(status: BatchStatus, columns: number, paint: Paint): string {
  const { batch, state, chunks, chunksDone, waiting, active, stuck } = status
  const notes = [
    `${printable(batch)}: ${state}`,
    `${chunksDone} of ${chunks} chunks done, ${active} open, ${waiting} waiting${stuck === 0 ? '' : `, ${stuck} stuck`}`,
    workersText(status.live.workers),
  ]
  while (notes.length > 1 && 2 + notes.join('   ').length >= columns) notes.pop()
  return `${screen(progressOf(status), [], columns, paint)}\n  ${paint('dim', notes.join('   ').slice(0, Math.max(0, columns - 3)))}`
}

export const workersText = (count: number): string => counted(count, 'worker')

function progressOf({ state, requests, live }: BatchStatus): Progress {
  const { ok, failed, retries, bytes, inFlight, rate, etaMs } = live
  const done = ok + failed
  return {
    // More are being added.
    ...(state !== 'submitting' && { total: requests, percent: percentOf(done, requests) }),
    done,
    ok,
    failed,
    inFlight,
    waiting: 0,
    retries,
    bytes,
    rate,
    ...(etaMs !== undefined && { etaMs }),
    pausedHosts: [],
  }
}
