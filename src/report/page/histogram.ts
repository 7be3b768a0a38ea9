/** How long a phase took: bars of the number of requests over the duration, on a logarithmic axis. */
import type uPlotType from 'uplot'
import { axis } from './charts.ts'
import type { Charts } from './charts.ts'
import { byId, colour, make } from './dom.ts'
import type { PageData } from '../page-data.ts'
import { amount, duration } from '../words.ts'

declare const uPlot: typeof uPlotType

type Buckets = PageData['buckets'][string]

export function drawHistogram(makeCharts: () => Charts, { buckets, labels }: PageData): Charts | undefined {
  const place = byId('chart-histogram')
  const select = byId('phase') as HTMLSelectElement | null
  const phases = Object.keys(buckets)
  if (place === null || select === null || phases.length === 0) return undefined
  for (const phase of phases) {
    const label = labels[phase] === undefined || phase === 'total' ? phase : `${phase} – ${labels[phase]}`
    select.append(make('option', { value: phase }, label))
  }
  select.value = phases.includes('firstByte') ? 'firstByte' : (phases.at(-1) as string)
  let charts = makeCharts()
  const show = (): void => {
    place.replaceChildren()
    charts = makeCharts()
    draw(charts, place, select.value, filled(buckets[select.value] as Buckets))
  }
  select.addEventListener('change', show)
  show()
  return Object.assign(makeCharts(), { redraw: () => charts.redraw() })
}

/** Without gaps, so that the distance between two bars is that of their durations. At most two octaves below the first. */
function filled(buckets: Buckets): Buckets {
  const [first, ...rest] = buckets
  if (first === undefined) return []
  const all = [first]
  for (const bucket of rest) {
    for (let last = all.at(-1) as Buckets[number]; last.lower > 0 && bucket.lower > last.upper * 1.01;) {
      last = { lower: last.upper, upper: last.upper * 2 ** 0.25, count: 0 }
      all.push(last)
    }
    all.push(bucket)
  }
  return all
}

function draw(charts: Charts, place: HTMLElement, phase: string, buckets: Buckets): void {
  const counts = buckets.map(({ count }) => count)
  const at = (index: number): string => {
    const bucket = buckets[index]
    return bucket === undefined ? '' : duration(bucket.lower)
  }
  const range = (index: number | null): string =>
    index === null ? '–' : `${at(index)} to ${duration(buckets[index]?.upper ?? 0)}`
  charts.add(
    place,
    `Number of requests by duration of ${phase}. The figures are in the table.`,
    [counts.map((_, index) => index), counts],
    () => ({
      height: 200,
      scales: {
        x: { time: false, range: () => [-0.6, Math.max(7, buckets.length - 0.4)] },
        y: { range: (_, __, most) => [0, most * 1.08] },
      },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      axes: [
        axis(ticks => ticks.map(tick => (Number.isInteger(tick) ? at(tick) : '')), {
          space: 76,
          size: 30,
          incrs: [1, 2, 4, 8, 16, 32],
          grid: { show: false },
        }),
        axis(ticks => ticks.map(tick => (tick === 0 || !Number.isInteger(tick) ? '' : amount(tick))), { size: 66 }),
      ],
      series: [
        { label: phase, value: (_, index) => range(index) },
        {
          label: 'requests',
          stroke: colour('accent'),
          fill: colour('accent'),
          width: 0,
          paths: uPlot.paths.bars?.({ size: [0.86, 60], align: 0, radius: 0.12 }) as uPlotType.Series.PathBuilder,
          points: { show: false },
          value: (_, count) => (count === null || count === undefined ? '–' : amount(count)),
        },
      ],
    }),
  )
}
