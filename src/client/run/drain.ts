/** Sends all requests and keeps no outcomes: they go to a sink, and totals are returned. */
import type { BatchRun } from './batch-run.ts'
import { isThenable } from '../../core/callback.ts'
import type { Totals } from '../../core/progress.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import type { Sink } from '../../core/sink.ts'
import type { Statistics } from '../../core/statistics.ts'
import { isRowError } from '../../core/sink.ts'
import type { RunOptions } from '../../engine/ports.ts'

export interface DrainParts {
  readonly sink: Sink | undefined
  readonly clock: Clock
  /** Called once, when the sink has everything. */
  readonly statistics: () => Statistics
  /** The caller's signal: it also ends the wait for a sink that never settles. */
  readonly signal: AbortSignal | undefined
  /** Aborted when the client is closed; the run then stops waiting for its sink. */
  readonly closed: AbortSignal
  /** Makes the run; `drain` starts it. */
  readonly open: (deliver: RunOptions['deliver'], ended: RunOptions['ended']) => BatchRun | Promise<BatchRun>
}

export async function drain({ sink, clock, statistics, signal, closed, open }: DrainParts): Promise<Totals> {
  const startedAtMs = clock.now()
  let unwritten = 0
  let writing = 0
  /** Outcomes whose writes have not settled. */
  const unsettled = { ok: 0, failed: 0 }
  let onWritten: (() => void) | undefined
  /** The signal aborted while only the sink was still at work. */
  let gaveUp = false
  let broken: { readonly error: unknown } | undefined
  let batch: BatchRun | undefined
  const give = (): void => batch?.run.give()
  const fail = (error: unknown): void => {
    if (isRowError(error)) unwritten++
    else {
      broken ??= { error }
      batch?.run.stop('the sink failed')
      onWritten?.()
    }
    give()
  }
  const written = ({ ok }: Outcome): void => {
    unsettled[ok ? 'ok' : 'failed']--
    if (--writing === 0) onWritten?.()
  }
  const deliver = (outcome: Outcome): void => {
    if (sink === undefined || broken !== undefined) return give()
    try {
      const writes = sink.write(outcome)
      if (!isThenable(writes)) return give()
      writing++
      unsettled[outcome.ok ? 'ok' : 'failed']++
      writes.then(
        () => (give(), written(outcome)),
        (error: unknown) => (fail(error), written(outcome)),
      )
    } catch (error) {
      fail(error)
    }
  }
  try {
    const ended = await new Promise<{ readonly error: unknown } | undefined>((resolve, reject) => {
      const start = (made: BatchRun): void => {
        batch = made
        made.run.start()
      }
      const made = open(deliver, resolve)
      if (isThenable(made)) made.then(start).catch(reject)
      else start(made)
    })
    // An outcome counts when its write has settled, and a failed write must be reported: wait for the writes.
    if (writing > 0 && broken === undefined && batch?.run.aborted === undefined) {
      gaveUp = await new Promise<boolean>(resolve => {
        const enders = [closed, ...(signal === undefined ? [] : [signal])]
        const end = (isLeft: boolean): void => {
          for (const ender of enders) ender.removeEventListener('abort', leave)
          resolve(isLeft)
        }
        const leave = (): void => end(true)
        onWritten = () => end(false)
        for (const ender of enders) ender.addEventListener('abort', leave)
        if (enders.some(({ aborted }) => aborted)) leave()
      })
    }
    if (ended !== undefined) broken ??= ended
  } catch (error) {
    broken ??= { error }
  }
  // The sink is closed whatever happened: it flushes what it holds, and its own error is reported.
  try {
    await sink?.close()
  } catch (error) {
    broken ??= { error }
  }
  if (broken !== undefined) throw broken.error
  const { run, restored, gone } = batch as BatchRun
  const { ok, failed, retries, bytes } = run.counts
  return {
    total: ok + failed,
    // Outcomes that the sink has not confirmed may not have been written.
    ok: ok - unsettled.ok,
    failed: failed - unsettled.failed,
    retries,
    bytes,
    restored: restored(),
    gone: gone(),
    unwritten: unwritten + unsettled.ok + unsettled.failed,
    elapsedMs: clock.now() - startedAtMs,
    aborted: gaveUp || run.aborted !== undefined,
    statistics: statistics(),
  }
}
