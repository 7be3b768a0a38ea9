/** Throughput, requests in flight and time on the wire over the time of the run, with pauses shaded. */
import type uPlotType from 'uplot'
import { axis } from './charts.ts'
import type { Chart, Charts } from './charts.ts'
import { byId, colour } from './dom.ts'
import type { PageData } from '../page-data.ts'
import { amount, duration, perSecond } from '../words.ts'

type Series = NonNullable<PageData['series']>
interface Line {
  readonly label: string
  readonly colour: string
  readonly value: (value: number) => string
  /** Whether the area below it is filled, and how densely, from 0 to 1. */
  readonly fill?: number
}

/** Steps of an axis of time, in milliseconds. */
const STEPS = [
  50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 216e5, 432e5, 864e5,
]

export function drawOverTime(charts: Charts, data: PageData): void {
  const { series } = data
  if (series === undefined || series.done.length === 0) return
  const rates = (counts: readonly number[]): number[] => counts.map(count => (count * 1_000) / series.stepMs)
  const rate = (value: number): string => perSecond(value)
  draw(
    charts,
    data,
    series,
    'chart-throughput',
    [rates(series.done), rates(series.failed)],
    [
      { label: 'done', colour: 'ok', value: rate, fill: 0.16 },
      { label: 'failed', colour: 'bad', value: rate, fill: 0.35 },
    ],
  )
  draw(
    charts,
    data,
    series,
    'chart-concurrency',
    [series.concurrency],
    [{ label: 'in flight', colour: 'accent', value: amount, fill: 0.16 }],
  )
  draw(
    charts,
    data,
    series,
    'chart-wire',
    [series.wireMs],
    [{ label: 'on the wire', colour: 'violet', value: duration }],
  )
}

function draw(
  charts: Charts,
  { pauses }: PageData,
  series: Series,
  id: string,
  columns: readonly (readonly (number | null)[])[],
  lines: readonly Line[],
): void {
  const place = byId(id)
  if (place === null) return
  // The middle of each slot; a single one is drawn from side to side.
  const isSingle = series.done.length === 1
  const times = isSingle ? [0, series.stepMs] : series.done.map((_, slot) => (slot + 0.5) * series.stepMs)
  const values = columns.map(column => [...column, ...(isSingle ? column : [])])
  const label = place.dataset['label'] ?? ''
  const cursor = { sync: { key: 'time' }, drag: { x: false, y: false }, points: { size: 7 } }
  charts.add(place, label, [times, ...values], () => ({
    height: 190,
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    cursor,
    axes: [
      axis(ticks => ticks.map(tick => (tick === 0 ? '0' : duration(tick))), { incrs: STEPS, space: 70, size: 30 }),
      axis(ticks => ticks.map(tick => (tick === 0 ? '' : (lines[0] as Line).value(tick))), { size: 66 }),
    ],
    series: [{ label: 'time', value: (_, ms) => textOf(ms, duration) }, ...lines.map(line => seriesOf(line))],
    hooks: { drawClear: [chart => shade(chart, pauses)] },
  }))
}

const textOf = (value: number | null | undefined, write: (value: number) => string): string =>
  value === null || value === undefined ? '–' : write(value)

function seriesOf({ label, colour: name, value, fill }: Line): uPlotType.Series {
  const stroke = colour(name)
  return {
    label,
    stroke,
    width: 1.75,
    // Without an area, a single value between two gaps would not be seen.
    points: { show: fill === undefined, size: 3, fill: stroke },
    value: (_, at) => textOf(at, value),
    ...(fill !== undefined && { fill: stroke.replace(/^rgb\((.*)\)$/, `rgba($1, ${fill})`) }),
  }
}

/** Behind the lines. */
function shade(chart: Chart, pauses: PageData['pauses']): void {
  const { ctx, bbox } = chart
  ctx.save()
  ctx.fillStyle = colour('shade')
  for (const { fromMs, toMs } of pauses) {
    const from = Math.max(bbox.left, chart.valToPos(fromMs, 'x', true))
    const to = Math.min(bbox.left + bbox.width, chart.valToPos(toMs, 'x', true))
    if (to > from) ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height)
  }
  ctx.restore()
}
