/** A run of the engine over a client's stack, with its progress reported to `onProgress`. */
import type { Attribution } from './attribution.ts'
import { guarded, reporter } from './progress.ts'
import { pausesAt, shownProgress } from './shown-progress.ts'
import type { ShownProgress } from './shown-progress.ts'
import type { Wired } from '../wire.ts'
import type { BatchPlan } from '../../config/plan.ts'
import type { Clock } from '../../core/ports.ts'
import { Run } from '../../engine/engine.ts'
import type { EngineParts, RunOptions } from '../../engine/ports.ts'
import type { Source } from '../../engine/source.ts'

/** The options of a call that bound the run, and that report on it. */
export type Limits = Pick<
  BatchPlan,
  'window' | 'maxFailures' | 'signal' | 'onProgress' | 'progress' | 'order' | 'request'
>

export interface ReportedRunParts extends Pick<RunOptions, 'deliver' | 'ended' | 'statistics'> {
  readonly source: Source
  readonly limits: Limits
  readonly parts: EngineParts
  readonly wired: Wired
  readonly clock: Clock
  /** Samples the run until its end; undefined if what limited it is not reported. */
  readonly attribution?: Attribution | undefined
}

/** A run that has not been started; its progress is reported from now on. */
export function reportedRun(given: ReportedRunParts): Run {
  const { source, limits, parts, wired, clock, deliver, ended, statistics, attribution } = given
  const { window, maxFailures, signal } = limits
  const onProgress = watching(limits, wired, clock)
  const run: Run = new Run(source, parts, {
    window,
    capacity: wired.gate,
    maxFailures,
    signal,
    statistics,
    deliver,
    ended: inputError => {
      progress?.end()
      onProgress?.done()
      statistics?.end()
      attribution?.end()
      ended(inputError)
    },
  })
  const progress =
    onProgress &&
    reporter({
      counts: () => run.counts,
      onWire: () => run.census.onWire,
      pausedHosts: () => wired.gate.pausedHosts(),
      clock,
      onProgress: onProgress.show,
    })
  progress?.start()
  attribution?.start(run, wired.gate, limits.order === 'input', limits.request.call.saving.batch)
  return run
}

/** The receivers of the progress: the caller's function, the display, both, or none. */
function watching({ onProgress, progress }: Limits, { gate }: Wired, clock: Clock): ShownProgress | undefined {
  if (!progress) return onProgress && { show: onProgress, done: () => undefined }
  const shown = shownProgress(() => pausesAt(gate, clock.now()))
  // The function first, so that one that throws is noticed as without the display.
  const show = onProgress === undefined ? shown.show : both(guarded(onProgress), shown.show)
  return { show, done: shown.done }
}

const both =
  (first: ShownProgress['show'], second: ShownProgress['show']): ShownProgress['show'] =>
  progress => {
    first(progress)
    second(progress)
  }
