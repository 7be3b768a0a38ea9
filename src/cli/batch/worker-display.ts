/** The progress of one worker on a terminal. Elsewhere a worker is silent: it runs for days, and its lines go to a log. */
import { drawOn } from '../../display/draw.ts'
import { canDraw } from '../../display/line.ts'
import { paintFor } from '../../display/paint.ts'
import type { Paint } from '../../display/paint.ts'
import { screen } from '../../display/screen.ts'
import { printable, printableLines } from '../../core/printable.ts'
import type { Progress } from '../../core/progress.ts'
import type { BatchWorker } from '../../distributed/batch/work.ts'

const DRAW_MS = 500

export interface WorkerDisplay {
  /** Prints a message above the progress. */
  say(text: string): void
  /** Leaves the last state. */
  done(): void
}

export async function showWorker(
  worker: Pick<BatchWorker, 'batches' | 'counts'>,
  stream: NodeJS.WriteStream,
  isShown: boolean,
): Promise<WorkerDisplay> {
  const say = (text: string): void => void stream.write(`${printableLines(text)}\n`)
  if (!isShown || !canDraw(stream)) return { say, done: () => undefined }
  const draw = await drawOn(stream)
  const paint = paintFor(stream)
  const show = (): void => draw(workerScreen(worker, stream.columns, paint))
  const timer = setInterval(show, DRAW_MS).unref()
  return {
    say(text) {
      draw.clear()
      say(text)
      show()
    },
    done() {
      clearInterval(timer)
      show()
      draw.done()
    },
  }
}

/** Never wider than the terminal. */
export function workerScreen(worker: Pick<BatchWorker, 'batches' | 'counts'>, columns: number, paint: Paint): string {
  const open = worker.batches()
  const sum = (of: (one: (typeof open)[number]) => number): number => open.reduce((all, one) => all + of(one), 0)
  const total = { ok: 0, failed: 0, retries: 0, bytes: 0 }
  for (const one of worker.counts.values()) {
    total.ok += one.ok
    total.failed += one.failed
    total.retries += one.retries
    total.bytes += one.bytes
  }
  const progress: Progress = {
    ...total,
    done: total.ok + total.failed,
    inFlight: sum(one => one.inFlight),
    waiting: 0,
    rate: sum(one => one.rate),
    pausedHosts: [],
  }
  const names = open.map(({ batch }) => printable(batch)).join(', ')
  const note = open.length === 0 ? 'waiting for a batch' : `${sum(one => one.chunks)} chunks open of ${names}`
  const room = Math.max(0, columns - 3)
  const shown = note.length > room ? `${note.slice(0, Math.max(0, room - 1))}…` : note
  return `${screen(progress, [], columns, paint)}\n  ${paint('dim', shown)}`
}
