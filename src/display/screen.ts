/** The progress of one run as one or two lines: the bar, and below it the remaining time and the paused hosts. */
import { barLine, isFinished } from './line.ts'
import type { Shown } from './line.ts'
import type { Paint } from './paint.ts'
import { formatDuration } from '../core/duration.ts'
import { printable } from '../core/printable.ts'

/** A paused host and the rest of its pause. */
export interface Pause {
  readonly host: string
  readonly pausedMs: number
}

const SHOWN_PAUSES = 3

/** Never wider than the terminal. */
export function screen(progress: Shown, pauses: readonly Pause[], columns: number, paint: Paint): string {
  const bar = barLine(progress, columns, paint)
  const { etaMs } = progress
  const notes = [
    ...(etaMs === undefined || isFinished(progress) ? [] : [`${formatDuration(etaMs)} left`]),
    ...pauseNotes(pauses),
  ]
  if (notes.length === 0) return bar
  const note = notes.join('   ')
  const room = Math.max(0, columns - 3)
  return `${bar}\n  ${paint('dim', note.length > room ? `${note.slice(0, Math.max(0, room - 1))}…` : note)}`
}

function pauseNotes(pauses: readonly Pause[]): string[] {
  if (pauses.length === 0) return []
  const longest = pauses.toSorted((a, b) => b.pausedMs - a.pausedMs)
  const shown = longest
    .slice(0, SHOWN_PAUSES)
    .map(({ host, pausedMs }) => `${printable(host)} for ${formatDuration(pausedMs)}`)
  const more = longest.length > SHOWN_PAUSES ? [`${longest.length - SHOWN_PAUSES} more`] : []
  return [`paused: ${[...shown, ...more].join(', ')}`]
}
