/** The figures as a page, with a chart. */
import { machine } from '../support/machine.ts'
import { median } from '../support/measure.ts'
import type { Row } from './measure.ts'
import type { Shape } from './shapes.ts'

export interface Measured {
  readonly shape: Shape
  readonly rows: readonly Row[]
}

const spread = (numbers: readonly number[]): string =>
  `${Math.min(...numbers).toFixed(2)}–${Math.max(...numbers).toFixed(2)}`

function table({ shape, rows }: Measured): string {
  const lines = rows.map(({ contender, figures, ratios }) => {
    if (figures.length === 0) return `| ${contender} | failed | | | |`
    const cpuUs = median(figures.map(figure => figure.cpuUs))
    const perSecond = median(figures.map(figure => figure.perSecond))
    const rssMb = Math.max(...figures.map(figure => figure.rssMb))
    const ratio = ratios.length === 0 ? '' : `${median(ratios).toFixed(2)} × (${spread(ratios)})`
    return `| ${contender} | ${cpuUs.toFixed(1)} | ${ratio} | ${Math.round(perSecond).toLocaleString('en')} | ${rssMb.toFixed(0)} |`
  })
  return [
    `## ${shape.name}`,
    '',
    '| | CPU, µs per request | ratio (spread) | requests per second | memory, MB |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

export function page(measured: readonly Measured[], rounds: number): string {
  return [
    '# Benchmarks',
    '',
    'Every contender makes the same requests, 50 at a time, to a node:http server on the same machine, and parses the same',
    'JSON. parallel-requests runs with retries, a timeout, a limit per host and a rate. Each figure is a median over',
    `${rounds} rounds in fresh processes, which take turns; the ratio is against the first line, round by round.`,
    '',
    `Measured with ${machine()}.`,
    'Repeat it with `npm run bench:peers` (versions: `bench/peers/package.json`).',
    '',
    '![CPU time per request, small JSON](benchmarks.svg)',
    '',
    ...measured.map(table),
  ].join('\n')
}

const WIDTH = 760
const ROW = 28
const LEFT = 250

/** Bars of CPU time per request for one shape. */
export function chart({ shape, rows }: Measured): string {
  const bars = rows
    .filter(({ figures }) => figures.length > 0)
    .map(({ contender, figures }) => ({ contender, cpuUs: median(figures.map(figure => figure.cpuUs)) }))
  const most = Math.max(...bars.map(({ cpuUs }) => cpuUs))
  const height = 40 + bars.length * ROW
  const body = bars.map(({ contender, cpuUs }, at) => {
    const width = Math.max(1, ((WIDTH - LEFT - 80) * cpuUs) / most)
    const y = 34 + at * ROW
    const fill = contender === 'parallel-requests' ? '#2563eb' : '#94a3b8'
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${contender}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="20" fill="${fill}"/>`,
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 14}">${cpuUs.toFixed(1)} µs</text>`,
    ].join('\n')
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="8" y="20" font-weight="bold">CPU time per request: ${shape.name}</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}
