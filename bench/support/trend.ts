/** Whether a series grows: its slope, its creep between steps, and its last quarter compared with its first. */
import { median } from './measure.ts'

export interface Trend {
  /** Least squares, per unit of `at`. */
  readonly slope: number
  /** Median of the slopes from each value to the fourth one after it. A step, which happens once, does not count. */
  readonly creep: number
  /** Median of the last quarter less the median of the first one. */
  readonly rise: number
}

const REACH = 4

export function trend(series: readonly { readonly at: number; readonly value: number }[]): Trend {
  const mean = (of: 'at' | 'value'): number => series.reduce((sum, each) => sum + each[of], 0) / series.length
  const [meanAt, meanValue] = [mean('at'), mean('value')]
  let covariance = 0
  let variance = 0
  for (const { at, value } of series) {
    covariance += (at - meanAt) * (value - meanValue)
    variance += (at - meanAt) ** 2
  }
  const slopes = series.slice(REACH).map(({ at, value }, nth) => {
    const earlier = series[nth] as (typeof series)[number]
    return (value - earlier.value) / (at - earlier.at)
  })
  const values = series.map(({ value }) => value)
  const quarter = Math.ceil(series.length / 4)
  const slope = covariance / variance
  return { slope, creep: median(slopes), rise: median(values.slice(-quarter)) - median(values.slice(0, quarter)) }
}
