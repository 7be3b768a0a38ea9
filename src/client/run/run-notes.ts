/** The lines of a run file that say when a run began and ended, with which options, and what limited it. */
import type { RunReport } from './attribution.ts'
import type { ClientPlan, HostPlan } from '../../config/client-plan.ts'
import type { BatchPlan } from '../../config/plan.ts'
import { formatDuration } from '../../core/duration.ts'
import { isoTime } from '../../core/iso-time.ts'
import type { NoteLine, RunStartLine } from '../../core/journal.ts'
import type { Clock } from '../../core/ports.ts'
import { formatRate } from '../../core/rate.ts'
import type { Rate } from '../../core/rate.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

/** The options that shape a run, by their names. None of them can hold a secret. */
export function shapingOptions(client: ClientPlan, batch: BatchPlan): Readonly<Record<string, unknown>> {
  const { timeouts, maxRetries } = batch.request.call
  const { concurrency, auto, rates, perHost, workers, connection, respectServerLimits } = client
  return {
    concurrency: auto ? 'auto' : numberText(concurrency),
    ...(rates.length > 0 && { rateLimit: ratesText(rates) }),
    ...perHostOptions(perHost),
    maxRetries: numberText(maxRetries),
    timeout: durationText(timeouts.attemptMs),
    ...(timeouts.totalMs !== Infinity && { totalTimeout: durationText(timeouts.totalMs) }),
    window: numberText(batch.window),
    respectServerLimits,
    ...(workers > 0 && { workers }),
    ...(connection.http2 === true && { http2: true }),
  }
}

function perHostOptions({ concurrency, rates }: HostPlan): { perHost?: object } {
  const perHost = {
    ...(concurrency !== Infinity && { concurrency }),
    ...(rates.length > 0 && { rateLimit: ratesText(rates) }),
  }
  return Object.keys(perHost).length === 0 ? {} : { perHost }
}

const ratesText = (rates: readonly Rate[]): string => rates.map(rate => formatRate(rate)).join(', ')

/** JSON has no Infinity. */
const numberText = (number: number): number | string => (number === Infinity ? 'none' : number)
const durationText = (ms: number): string => (ms === Infinity ? 'none' : formatDuration(ms))

/** @param total the number of requests, if it is known */
export function startLine(
  options: RunStartLine['run']['options'],
  total: number | undefined,
  clock: Clock,
): RunStartLine {
  const at = isoTime(clock.epochMs())
  return { run: { event: 'start', at, version: PACKAGE_VERSION, ...(total !== undefined && { total }), options } }
}

export function endLines({ pauses, ...report }: RunReport, clock: Clock): NoteLine[] {
  return [...pauses, { run: { event: 'end', at: isoTime(clock.epochMs()), ...report } }]
}
