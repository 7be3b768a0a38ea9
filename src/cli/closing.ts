/** What follows the summary of a run: the conditions of `--fail-on` that hold, and what limited the run. */
import { brokenTerms, judgesFailures } from './fail-on.ts'
import type { FailTerm } from './fail-on.ts'
import { record } from './records.ts'
import type { Tally } from './tally.ts'
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
  const advice = adviceLine(statistics, asRecords)
  if (advice !== undefined && (asRecords || !quiet)) lines.push(advice)
  return {
    text: printableLines(lines.join('')),
    hasFailed: broken.length > 0 || !tally.isWhole(judgesFailures(failOn)),
  }
}

function adviceLine({ advice, limitedBy, shares, elapsedMs }: Statistics, asRecords: boolean): string | undefined {
  if (advice === undefined || elapsedMs <= ADVISED_FROM_MS) return undefined
  return asRecords ? record('advice', { limited_by: limitedBy, shares, message: advice }) : `${advice}\n`
}
