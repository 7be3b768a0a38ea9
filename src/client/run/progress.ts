/** Reports the progress of a run to the caller: at most ten times a second, and once at its end. */
import { percentOf } from '../../core/progress.ts'
import type { Progress } from '../../core/progress.ts'
import { isThenable, reasonOf } from '../../core/callback.ts'
import type { Clock, Timer } from '../../core/ports.ts'
import { printable } from '../../core/printable.ts'
import type { Counts } from '../../engine/ports.ts'

const EVERY_MS = 100
/** Number of samples, ten per second: the rate is that of the last three seconds. */
const SAMPLES = 30

export interface Reporter {
  start(): void
  end(): void
}

export interface ReporterParts {
  readonly counts: () => Counts
  /** Requests on the wire. */
  readonly onWire: () => number
  readonly pausedHosts: () => readonly string[]
  readonly clock: Clock
  readonly onProgress: (progress: Progress) => void
}

/** A function that throws is reported once and not called again: it must not harm the run. */
export function guarded(onProgress: ReporterParts['onProgress']): ReporterParts['onProgress'] {
  let broken = false
  const report = (error: unknown): void => {
    if (broken) return
    broken = true
    const message = `onProgress threw and is not called again: ${reasonOf(error)}`
    process.emitWarning(printable(message), 'ParallelRequestsWarning')
  }
  return progress => {
    if (broken) return
    try {
      const answer: unknown = onProgress(progress)
      // An async callback is not awaited, but its failure must not become an unhandled rejection.
      if (isThenable(answer)) answer.then(undefined, report)
    } catch (error) {
      report(error)
    }
  }
}

export function reporter({ counts, onWire, pausedHosts, clock, onProgress }: ReporterParts): Reporter {
  const samples: { readonly atMs: number; readonly done: number }[] = []
  const tell = guarded(onProgress)
  let timer: Timer | undefined

  const rateAt = (nowMs: number, done: number): number => {
    samples.push({ atMs: nowMs, done })
    if (samples.length > SAMPLES) samples.shift()
    const [first] = samples
    if (first === undefined || nowMs <= first.atMs) return 0
    return ((done - first.done) / (nowMs - first.atMs)) * 1_000
  }

  const snapshot = (): Progress => {
    const { total, pulled, ok, failed, retries, bytes } = counts()
    const done = ok + failed
    const rate = rateAt(clock.now(), done)
    const inFlight = Math.min(onWire(), pulled - done)
    return {
      ...(total !== undefined && { total, percent: percentOf(done, total) }),
      done,
      ok,
      failed,
      inFlight,
      waiting: pulled - done - inFlight,
      retries,
      bytes,
      rate,
      ...(total !== undefined && rate > 0 && { etaMs: ((total - done) / rate) * 1_000 }),
      pausedHosts: pausedHosts(),
    }
  }

  const tick = (): void => {
    tell(snapshot())
    timer = clock.after(EVERY_MS, tick)
  }

  return {
    start() {
      samples.push({ atMs: clock.now(), done: 0 })
      timer = clock.after(EVERY_MS, tick)
    },
    end() {
      timer?.cancel()
      tell(snapshot())
    },
  }
}
