/** `progress: true`: the progress of a run on standard error. The display is loaded when the first run asks for it. */
import type { Pause, SharedDisplay } from '../../display/shared.ts'
import type { Progress } from '../../core/progress.ts'
import type { Gate } from '../../layer/gate.ts'

export interface ShownProgress {
  readonly show: (progress: Progress) => void
  readonly done: () => void
}

export function shownProgress(pauses: () => readonly Pause[]): ShownProgress {
  let display: SharedDisplay | undefined
  let last: Progress | undefined
  let isDone = false
  const end = (): void => {
    if (last !== undefined) display?.show(last, pauses())
    display?.done()
  }
  // A terminal that cannot be drawn on must not fail the run.
  void import('../../display/shared.ts')
    .then(({ joinDisplay }) => joinDisplay(process.stderr))
    .then(
      joined => {
        display = joined
        if (isDone) end()
      },
      () => undefined,
    )
  return {
    show(progress) {
      last = progress
      display?.show(progress, pauses())
    },
    done() {
      isDone = true
      end()
    },
  }
}

/** The paused hosts, and how much of each pause is left. */
export function pausesAt(gate: Gate, nowMs: number): Pause[] {
  const pauses: Pause[] = []
  for (const { lane } of gate.lanes()) {
    const pausedMs = lane.pausedUntilMs - nowMs
    if (pausedMs > 0) pauses.push({ host: lane.host, pausedMs })
  }
  return pauses
}
