/** What follows the summary of a run: the conditions of `--fail-on` that hold, and what limited the run. */
import { brokenTerms, judgesFailures } from './fail-on.ts'
import type { FailTerm } from './fail-on.ts'
import { record } from './records.ts'
import type { Tally } from './tally.ts'
import { formatDuration } from '../core/duration.ts'
import { printableLines } from '../core/printable.ts'
import type { Statistics } from '../index.ts'

/** A shorter run needs no advice. */
const ADVISED_FROM_MS = 2_000

export interface ClosingParts {
  readonly failOn: readonly FailTerm[]
  readonly quiet: boolean
  readonly asRecords: boolean
  readonly tally: Tally
}

export interface Closing {
  /** For standard error. */
  readonly text: string
  /** Whether the run is a failure. */
  readonly hasFailed: boolean
}

export function closingOf({ failOn, quiet, asRecords, tally }: ClosingParts): Closing {
  const { statistics } = tally
  const { restored, restoredFailed } = statistics
  const failed = tally.failed - restoredFailed
  const broken = brokenTerms(failOn, statistics, { sent: tally.ok + tally.failed - restored, failed })
  const lines = broken.map(({ term, figure }) =>
    asRecords ? record('fail_on', { term, figure }) : `preq: failed on ${term}: ${figure}\n`,
  )
  const advice = adviceLine(statistics, tally.elapsedMs, asRecords)
  if (advice !== undefined && (asRecords || !quiet)) lines.push(advice)
  return {
    text: printableLines(lines.join('')),
    hasFailed: broken.length > 0 || !tally.isWhole(judgesFailures(failOn)),
  }
}

function adviceLine(statistics: Statistics, commandMs: number, asRecords: boolean): string | undefined {
  const { advice, limitedBy, shares, elapsedMs } = slowOutputs(statistics, commandMs, Date.now())
  if (advice === undefined || elapsedMs <= ADVISED_FROM_MS) return undefined
  return asRecords ? record('advice', { limited_by: limitedBy, shares, message: advice }) : `${advice}\n`
}

type Advised = Pick<Statistics, 'advice' | 'limitedBy' | 'shares' | 'elapsedMs'>

/**
 * Up to a thousand rows may wait for an output when all requests are done: most of the time may have come after that.
 * @param commandMs since the start of the command, which bounds what a clock that was set says
 */
export function slowOutputs(statistics: Statistics, commandMs: number, nowEpochMs: number): Advised {
  const { elapsedMs, series } = statistics
  const restMs = Math.min(nowEpochMs - series.startedAt, commandMs) - elapsedMs
  if (restMs < elapsedMs) return statistics
  const wholeMs = elapsedMs + restMs
  const share = restMs / wholeMs
  const shares = Object.entries({ ...statistics.shares, consumer: 0 }).map(([cause, part]) => [
    cause,
    Math.round((part * (1 - share) + (cause === 'consumer' ? share : 0)) * 1_000) / 1_000,
  ])
  const advice =
    `an output was the limit for ${Math.round(share * 100)} % of the run: ` +
    `all results were there after ${formatDuration(elapsedMs)}, and written after ${formatDuration(wholeMs)}.`
  return { advice, limitedBy: 'consumer', shares: Object.fromEntries(shares), elapsedMs: wholeMs }
}
