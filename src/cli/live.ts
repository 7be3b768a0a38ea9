/**
 * The progress of a run on standard error: two lines that are redrawn on a terminal, a plain line every few seconds
 * elsewhere, JSON lines for programs, or nothing. Messages are printed above the progress.
 */
import { drawOn } from '../display/draw.ts'
import { PLAIN_EVERY_MS, canDraw, plainDisplay } from '../display/line.ts'
import type { Shown } from '../display/line.ts'
import { paintFor } from '../display/paint.ts'
import { screen } from '../display/screen.ts'
import type { Pause } from '../display/screen.ts'
import { messageRecord, record, warnInRecords } from './records.ts'
import type { DisplayPlan } from './run-plan.ts'
import { printableLines } from '../core/printable.ts'
import { percentOf } from '../core/progress.ts'
import type { Progress } from '../index.ts'

export interface Live {
  /** Undefined if no progress is shown. */
  readonly show: ((progress: Progress) => void) | undefined
  /** Prints a message on a separate line. */
  say(text: string): void
  done(): void
}

export interface Total {
  readonly requests: number
  /** The number was estimated, for example because a row may make several requests. */
  readonly isAbout: boolean
}

export interface LiveParts {
  readonly how: DisplayPlan['progress']
  readonly stream: NodeJS.WriteStream
  /** The number of requests; undefined as long as it is not known. */
  readonly total: () => Total | undefined
  readonly pauses: () => readonly Pause[]
}

const JSON_EVERY_MS = 1_000

export async function live({ how, stream, total, pauses }: LiveParts): Promise<Live> {
  const say = (text: string): void => void stream.write(`${printableLines(text)}\n`)
  if (how === 'none') return { show: undefined, say, done: () => undefined }
  const whole = (progress: Progress): Shown => withTotal(progress, total())
  if (how === 'json') {
    const write = (text: string): void => void stream.write(text)
    warnInRecords(write)
    const display = paced(progress => write(jsonLine(whole(progress), pauses())), JSON_EVERY_MS)
    return { ...display, say: text => write(messageRecord('message', text)) }
  }
  if (!canDraw(stream)) return plainLive(stream, whole, say)
  const draw = await drawOn(stream)
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
function plainLive(stream: NodeJS.WriteStream, whole: (progress: Progress) => Shown, say: Live['say']): Live {
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

function withTotal(progress: Progress, known: Total | undefined): Shown {
  if (known === undefined || progress.total !== undefined) return progress
  const { done, rate } = progress
  const { isAbout } = known
  // There may be more requests than estimated.
  const total = Math.max(known.requests, done)
  const percent = percentOf(done, total)
  return { ...progress, total, percent, isAbout, ...(rate > 0 && { etaMs: ((total - done) / rate) * 1_000 }) }
}

function jsonLine(progress: Shown, pauses: readonly Pause[]): string {
  const { rate, etaMs, pausedHosts: _, isAbout, ...counts } = progress
  const paused = pauses.map(({ host, pausedMs }) => ({ host, ms: Math.round(pausedMs) }))
  return record('progress', {
    ...counts,
    ...(isAbout === true && { about: true }),
    rate: Math.round(rate * 10) / 10,
    ...(etaMs !== undefined && { etaMs: Math.round(etaMs) }),
    paused,
  })
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
