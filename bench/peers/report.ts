/** The figures as a page, with a chart. */
import { machine } from '../support/machine.ts'
import { median } from '../support/measure.ts'
import type { Row } from './measure.ts'
import { PREQ } from './programs.ts'
import type { Shape } from './shapes.ts'

export interface Measured {
  readonly shape: Shape
  readonly requests: number
  readonly rounds: number
  readonly rows: readonly Row[]
}

/** The median, and the least and the most. */
function spread(numbers: readonly number[], print: (number: number) => string): string {
  return `${print(median(numbers))} (${print(Math.min(...numbers))}–${print(Math.max(...numbers))})`
}

const whole = (number: number): string => Math.round(number).toLocaleString('en')

export function table({ shape, requests, rounds, rows }: Measured): string {
  const lines = rows.map(({ contender, figures, ratios }) => {
    if (figures.length === 0) return `| ${contender} | failed | | | |`
    const cpu = spread(
      figures.map(({ cpuUs }) => cpuUs),
      us => us.toFixed(1),
    )
    const ratio = ratios.length === 0 ? '' : spread(ratios, number => number.toFixed(2))
    const perSecond = spread(
      figures.map(figure => figure.perSecond),
      whole,
    )
    const rssMb = Math.max(...figures.map(figure => figure.rssMb))
    return `| ${contender} | ${cpu} | ${ratio} | ${perSecond} | ${Number.isNaN(rssMb) ? '–' : whole(rssMb)} |`
  })
  return [
    `## ${shape.name}`,
    '',
    `${whole(requests)} requests, ${rounds} rounds.`,
    '',
    '| | CPU, µs per request | ratio | requests per second | peak memory, MiB |',
    '|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}

/** The page without its tables. */
const INTRODUCTION = [
  'How much CPU time and memory this library takes, compared with other HTTP clients for Node, and `preq` compared with',
  '`curl -Z` and aiohttp.',
  '',
  'Every client sends the same requests, 50 at a time, to a server on the same machine, and parses the same JSON.',
  'parallel-requests runs with retries, a timeout, a limit per host and a rate. Each measurement is made in a new process, and the',
  'clients take turns.',
  '',
  '- **CPU** and **requests per second**: the median of the rounds, followed by the lowest and the highest value in parentheses.',
  '- **ratio**: the CPU time divided by that of the client in the first row, in the same round.',
  '- **peak memory**: the largest RSS of the process in any round.',
  '',
  'What to know when comparing:',
  '',
  '- The first 3,000 requests of each process do not count, so most code is compiled when the measurement begins. aiohttp is',
  '  measured after the same warm-up. `preq` and `curl -Z` are measured as whole processes: the start counts, without a warm-up.',
  '- `undici dispatch` uses a Pool for one host and an Agent for many.',
  '- `preq` parses every body and writes it as a line of JSON; curl discards the bodies.',
  '- The server is node:http, which is slower than the fastest clients and so limits their requests per second. In the table',
  '  named "fast server", it answers from a buffer and parses nothing.',
  '- Over TLS and HTTP/2, all clients verify the certificate.',
]

export function page(measured: readonly Measured[]): string {
  return [
    '# Benchmarks',
    '',
    ...INTRODUCTION,
    '',
    `Measured with ${machine()}. Repeat it with \`npm run bench:peers -- ${process.argv.slice(2).join(' ')}\`. The versions`,
    'of the clients are in `bench/peers/package.json`. `npm run bench:targets` measures only the comparisons that have a bound.',
    '',
    '![CPU time per request for small JSON bodies](benchmarks.svg)',
    '',
    ...measured.map(table),
  ].join('\n')
}

/** Drawn in another colour. */
const OURS: ReadonlySet<string> = new Set(['parallel-requests', ...PREQ.map(({ name }) => name)])

const WIDTH = 760
const ROW = 28
const TOP = 54
const LEFT = 250
const RIGHT = 90

/** Bars of CPU time per request for one shape, the shortest first. A line shows the least and the most. */
export function chart({ shape, rounds, rows }: Measured): string {
  const bars = rows
    .filter(({ figures }) => figures.length > 0)
    .map(({ contender, figures }) => ({ contender, us: figures.map(({ cpuUs }) => cpuUs) }))
    .toSorted((one, other) => median(one.us) - median(other.us))
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...bars.flatMap(({ us }) => us))
  const at = (us: number): string => (LEFT + us * scale).toFixed(1)
  const body = bars.map(({ contender, us }, row) => {
    const y = TOP + row * ROW
    const [least, middle, most] = [Math.min(...us), median(us), Math.max(...us)]
    return [
      `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${contender}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${(middle * scale).toFixed(1)}" height="20" fill="${OURS.has(contender) ? '#2563eb' : '#94a3b8'}"/>`,
      `<line x1="${at(least)}" x2="${at(most)}" y1="${y + 10}" y2="${y + 10}" stroke="#0f172a" stroke-width="1.5"/>`,
      `<text x="${(LEFT + most * scale + 6).toFixed(1)}" y="${y + 15}">${middle.toFixed(1)} µs</text>`,
    ].join('\n')
  })
  const height = TOP + bars.length * ROW + 4
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    `<text x="8" y="20" font-weight="bold">CPU time per request: ${shape.name}</text>`,
    `<text x="8" y="40" fill="#475569">Median of ${rounds} rounds, least to most. ${machine()}.</text>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}
