/** Says in words what a comparison has measured, and whether its bound holds. */
import type { Figures } from '../peers/figures.ts'
import { median } from './measure.ts'
import { keyOf, nameOf } from './side.ts'
import type { Side } from './side.ts'
import type { Comparison } from './targets.ts'

export type Verdict = 'held' | 'not held' | 'no bound'

/** The figures of each side by its key, round by round. */
export type Measured = ReadonlyMap<string, readonly Figures[]>

/** How a figure is printed. */
const PRINT: Readonly<Record<keyof Figures, (figure: number) => string>> = {
  cpuUs: us => (us < 1_000 ? `${us.toFixed(1)} µs` : `${(us / 1_000).toFixed(1)} ms`),
  perSecond: count => `${Math.round(count).toLocaleString('en')}/s`,
  rssMb: mib => `${mib.toFixed(0)} MiB`,
}

/** The median, and the least and the most. */
const spread = (numbers: readonly number[], print: (figure: number) => string): string =>
  `${print(median(numbers))} (${print(Math.min(...numbers))} to ${print(Math.max(...numbers))})`

function verdictOf(ratio: number, { atMost, atLeast }: Comparison): Verdict {
  if (atMost === undefined && atLeast === undefined) return 'no bound'
  return ratio <= (atMost ?? Infinity) && ratio >= (atLeast ?? -Infinity) ? 'held' : 'not held'
}

export function judge(
  comparison: Comparison,
  measured: Measured,
): { readonly verdict: Verdict; readonly text: string } {
  const { figure, of, against, atMost, atLeast } = comparison
  const figuresOf = (side: Side): number[] => (measured.get(keyOf(side)) ?? []).map(each => each[figure])
  const others = figuresOf(against)
  const ratios = figuresOf(of).map((one, round) => one / (others[round] ?? NaN))
  const verdict = verdictOf(median(ratios), comparison)
  const bound = atMost !== undefined ? `at most ${atMost}` : `at least ${atLeast}`
  const lines = [
    ...[of, against].map(side => `  ${nameOf(side)}: ${spread(figuresOf(side), PRINT[figure])}`),
    `    ${spread(ratios, ratio => ratio.toFixed(3))} ×, ${verdict === 'no bound' ? verdict : `bound ${bound}: ${verdict}`}`,
  ]
  return { verdict, text: lines.join('\n') }
}
