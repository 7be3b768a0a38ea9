/**
 * Shows the progress of a run on stderr, so that stdout has only data: one line that is redrawn on a terminal, a plain
 * line a second elsewhere.
 */
import { drawOn } from './draw.ts'
import { paintFor } from './paint.ts'
import type { Paint } from './paint.ts'
import { formatDuration } from '../core/duration.ts'
import type { Progress } from '../core/progress.ts'

/** `isAbout`: the total was estimated. */
export type Shown = Progress & { readonly isAbout?: boolean | undefined }

export interface ProgressDisplay {
  show(progress: Shown): void
  /** Keeps the last line and restores the cursor. */
  done(): void
}

const DEFAULT_PLAIN_EVERY_MS = 1_000
/** For a run that nobody watches. */
export const PLAIN_EVERY_MS = 5_000
const LONGEST_BAR = 30
const SHORTEST_BAR = 5
const PROGRESS_INDENT = '  '

export async function showProgress(stream: NodeJS.WriteStream): Promise<ProgressDisplay> {
  if (!canDraw(stream)) return plainDisplay(text => stream.write(text), performance)
  const draw = await drawOn(stream)
  const paint = paintFor(stream)
  return {
    show: progress => draw(barLine(progress, stream.columns, paint)),
    done: () => draw.done(),
  }
}

/** False for a terminal without a size, as in some containers and on some CI. */
export function canDraw(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env['TERM'] !== 'dumb' && stream.columns > 0 && stream.rows > 0
}

/** One line per interval, and the last state once. */
export function plainDisplay(
  write: (text: string) => void,
  clock: { now(): number },
  everyMs = DEFAULT_PLAIN_EVERY_MS,
): ProgressDisplay {
  let writtenAtMs = clock.now()
  let waiting: Shown | undefined
  const flush = (): void => {
    if (waiting !== undefined)
      write(`${PROGRESS_INDENT}${joinedParts([...progressParts(waiting), ...timeLeft(waiting)])}\n`)
    waiting = undefined
    writtenAtMs = clock.now()
  }
  return {
    show(progress) {
      waiting = progress
      if (clock.now() - writtenAtMs >= everyMs) flush()
    },
    done: flush,
  }
}

/** Fits the width of the terminal: first the bar gets shorter, then parts are dropped from the right. */
export function barLine(progress: Shown, columns: number, paint: Paint): string {
  const parts = progressParts(progress)
  while (parts.length > 1 && PROGRESS_INDENT.length + joinedParts(parts).length >= columns) parts.pop()
  // The bar leaves room for the note of a pause, so that its width does not change with every pause.
  const steady = joinedParts(progressParts({ ...progress, pausedHosts: ['one'] })).length
  const room = Math.min(LONGEST_BAR, columns - steady - 5)
  if (room < SHORTEST_BAR || progress.total === undefined) return `${PROGRESS_INDENT}${joinedParts(parts)}`
  const full = Math.floor((room * Math.min(progress.done, progress.total)) / Math.max(progress.total, 1))
  const bar = `${paint('green', '━'.repeat(full))}${paint('dim', '─'.repeat(room - full))}`
  return `${PROGRESS_INDENT}${bar}  ${joinedParts(parts)}`
}

export const isFinished = ({ done, total, isAbout }: Shown): boolean => isAbout !== true && done === total

function timeLeft(progress: Shown): string[] {
  return progress.etaMs === undefined || isFinished(progress) ? [] : [`${formatDuration(progress.etaMs)} left`]
}

/** Each part has a fixed width, so that the line does not jump. */
function progressParts({ total, percent, done, rate, retries, failed, pausedHosts, isAbout }: Shown): string[] {
  const width = String(total ?? done).length
  return [
    total === undefined ? String(done) : `${String(done).padStart(width)}/${isAbout === true ? 'about ' : ''}${total}`,
    ...(percent === undefined ? [] : [`${Math.min(100, Math.floor(percent)).toString().padStart(3)} %`]),
    `${Math.round(rate).toString().padStart(3)}/s`,
    `${String(retries).padStart(2)} retries`,
    `${failed} failed`,
    ...(pausedHosts.length === 0 ? [] : [`${pausedHosts.length} host${pausedHosts.length === 1 ? '' : 's'} paused`]),
  ]
}

const joinedParts = (parts: readonly string[]): string => parts.join('   ')
