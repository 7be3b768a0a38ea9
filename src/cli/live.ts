/**
 * The progress of a run on standard error: two lines that are redrawn on a terminal, a plain line every few seconds
 * elsewhere, JSON lines for programs, or nothing. Messages are printed above the progress.
 */
import { barLine, canDraw, plainDisplay } from './progress.ts'
import { messageRecord, record, warnInRecords } from './records.ts'
import { paintFor } from './paint.ts'
import type { Paint } from './paint.ts'
import type { DisplayPlan } from './run-plan.ts'
import { formatDuration } from '../core/duration.ts'
import { printable, printableLines } from '../core/printable.ts'
import type { Progress } from '../index.ts'

export interface Live {
  /** Undefined if no progress is shown. */
  readonly show: ((progress: Progress) => void) | undefined
  /** Prints a message on a separate line. */
  say(text: string): void
  done(): void
}

/** A paused host and the rest of its pause. */
export interface Pause {
  readonly host: string
  readonly pausedMs: number
}

export interface LiveParts {
  readonly how: DisplayPlan['progress']
  readonly stream: NodeJS.WriteStream
  /** The number of requests; undefined for an input that is read lazily. */
  readonly total: number | undefined
  readonly pauses: () => readonly Pause[]
  /** Requests on the wire. */
  readonly running: () => number
}

const PLAIN_EVERY_MS = 5_000
const JSON_EVERY_MS = 1_000
const SHOWN_PAUSES = 3

export async function live({ how, stream, total, pauses, running }: LiveParts): Promise<Live> {
  const say = (text: string): void => void stream.write(`${printableLines(text)}\n`)
  if (how === 'none') return { show: undefined, say, done: () => undefined }
  const whole = (progress: Progress): Progress => withTotal(progress, total)
  if (how === 'json') {
    const write = (text: string): void => void stream.write(text)
    warnInRecords(write)
    const display = paced(progress => write(jsonLine(whole(progress), running(), pauses())), JSON_EVERY_MS)
    return { ...display, say: text => write(messageRecord('message', text)) }
  }
  if (!canDraw(stream)) return plainLive(stream, whole, say)
  const { createLogUpdate } = await import('log-update')
  const draw = createLogUpdate(stream)
  const paint = paintFor(stream)
  return {
    show: progress => draw(screen(whole(progress), pauses(), stream.columns, paint)),
    say(text) {
      draw.clear()
      say(text)
    },
    done: () => draw.done(),
  }
}

/** A run that ends before its first line is due prints none, because the summary says the same. */
function plainLive(stream: NodeJS.WriteStream, whole: (progress: Progress) => Progress, say: Live['say']): Live {
  let isWritten = false
  const write = (text: string): void => {
    isWritten = true
    stream.write(text)
  }
  const display = plainDisplay(write, performance, PLAIN_EVERY_MS)
  return {
    show: progress => display.show(whole(progress)),
    say,
    done() {
      if (isWritten) display.done()
    },
  }
}

/** The bar, and below it the remaining time and the paused hosts. Never wider than the terminal. */
export function screen(progress: Progress, pauses: readonly Pause[], columns: number, paint: Paint): string {
  const bar = barLine(progress, columns, paint)
  const notes = [
    ...(progress.etaMs === undefined || progress.done === progress.total
      ? []
      : [`${formatDuration(progress.etaMs)} left`]),
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

function withTotal(progress: Progress, total: number | undefined): Progress {
  if (total === undefined || progress.total !== undefined) return progress
  const { done, rate } = progress
  return { ...progress, total, ...(rate > 0 && { etaMs: ((total - done) / rate) * 1_000 }) }
}

function jsonLine(progress: Progress, running: number, pauses: readonly Pause[]): string {
  const { rate, etaMs, inFlight, pausedHosts: _, ...counts } = progress
  const paused = pauses.map(({ host, pausedMs }) => ({ host, ms: Math.round(pausedMs) }))
  const rounded = { rate: Math.round(rate * 10) / 10, ...(etaMs !== undefined && { eta_ms: Math.round(etaMs) }) }
  // Requests that were read and are neither done nor on the wire wait for a slot, a limit or a retry.
  const waiting = Math.max(0, inFlight - running)
  return record('progress', { ...counts, inFlight: Math.min(running, inFlight), waiting, ...rounded, paused })
}

/** Writes at most once per interval, and the last state at the end. */
function paced(
  write: (progress: Progress) => void,
  everyMs: number,
): Pick<Live, 'done'> & { show: (progress: Progress) => void } {
  let writtenAtMs = -Infinity
  let waiting: Progress | undefined
  const flush = (): void => {
    if (waiting === undefined) return
    write(waiting)
    waiting = undefined
    writtenAtMs = performance.now()
  }
  return {
    show(progress) {
      waiting = progress
      if (performance.now() - writtenAtMs >= everyMs) flush()
    },
    done: flush,
  }
}
