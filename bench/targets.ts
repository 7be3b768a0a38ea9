/**
 * Measures every target of the wire and says whether its bound holds: `npm run bench:targets`. All samples are fresh
 * processes. Both sides of a ratio are measured in the same round, and the order of the sides rotates.
 * `--rounds N` (7), `--case TEXT` for the targets whose name contains it, `--scale F` for a part of the requests.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { install } from './peers/install.ts'
import { PROGRAMS } from './peers/programs.ts'
import { sample } from './peers/sample.ts'
import type { Figures } from './peers/sample.ts'
import type { Ports } from './peers/shapes.ts'
import { machine } from './support/machine.ts'
import { median, serve } from './support/measure.ts'
import { start } from './support/start.ts'
import { TARGETS } from './support/targets.ts'
import type { Comparison, Side, Target } from './support/targets.ts'

type Verdict = 'held' | 'NOT held' | 'SKIPPED' | 'FAILED' | 'no bound'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    case: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
  },
})
const rounds = Number(options.rounds)
const scale = Number(options.scale)

const scaled = (count: number): number => Math.max(1, Math.round(count * scale))
const keyOf = (side: Side): string => JSON.stringify(side)

function nameOf(side: Side): string {
  if ('startOf' in side) return `import ${side.startOf}, first request`
  return `${side.contender}, ${scaled(side.requests).toLocaleString('en')} × ${side.shape}`
}

function measure(side: Side, ports: string): Promise<Figures> | Figures {
  if ('startOf' in side) {
    const { plain } = JSON.parse(ports) as Ports
    const { cpuMs, wallMs, rssMb } = start(side.startOf, `http://127.0.0.1:${plain}/small/0`)
    return { cpuUs: cpuMs * 1_000, perSecond: 1_000 / wallMs, rssMb }
  }
  const { warmUp, requests } = side
  return sample({ ...side, requests: scaled(requests), ...(warmUp !== undefined && { warmUp: scaled(warmUp) }) }, ports)
}

function missing(side: Side): string | undefined {
  return 'startOf' in side ? undefined : PROGRAMS.find(({ name }) => name === side.contender)?.missing()
}

/** The figures of each side, round by round. */
async function measureAll(sides: readonly Side[], ports: string): Promise<Map<string, Figures[]>> {
  const figures = new Map<string, Figures[]>(sides.map(side => [keyOf(side), []]))
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < sides.length; at++) {
      const side = sides[(round + at) % sides.length] as Side
      figures.get(keyOf(side))?.push(await measure(side, ports))
    }
  }
  return figures
}

/** How a figure is printed, and its unit. */
const FIGURES: Readonly<Record<keyof Figures, { readonly unit: string; readonly print: (figure: number) => string }>> =
  {
    cpuUs: { unit: 'µs of CPU per request', print: us => us.toFixed(1) },
    perSecond: { unit: 'requests per second', print: count => Math.round(count).toLocaleString('en') },
    rssMb: { unit: 'MiB resident at most', print: mib => mib.toFixed(0) },
  }

/** The median, and the least and the most. */
const spread = (numbers: readonly number[], print: (figure: number) => string): string =>
  `${print(median(numbers))} (${print(Math.min(...numbers))} to ${print(Math.max(...numbers))})`

function boundOf({ atMost, atLeast }: Comparison): { text: string; holds: (ratio: number) => boolean } | undefined {
  if (atMost !== undefined) return { text: `at most ${atMost}`, holds: ratio => ratio <= atMost }
  if (atLeast !== undefined) return { text: `at least ${atLeast}`, holds: ratio => ratio >= atLeast }
  return undefined
}

function judge(comparison: Comparison, all: ReadonlyMap<string, Figures[]>): Verdict {
  const { figure, of, against } = comparison
  const figuresOf = (side: Side): number[] => (all.get(keyOf(side)) ?? []).map(each => each[figure])
  const { unit, print } = FIGURES[figure]
  for (const side of [of, against]) console.log(`  ${nameOf(side)}: ${spread(figuresOf(side), print)} ${unit}`)
  const others = figuresOf(against)
  const ratios = figuresOf(of).map((one, round) => one / (others[round] ?? NaN))
  const bound = boundOf(comparison)
  const verdict = bound === undefined ? 'no bound' : bound.holds(median(ratios)) ? 'held' : 'NOT held'
  const judged = bound === undefined ? '' : `, bound: ${bound.text}: ${verdict}`
  console.log(`    ${spread(ratios, ratio => ratio.toFixed(3))} ×${judged}`)
  return verdict
}

async function check({ comparisons }: Target, ports: string): Promise<Verdict[]> {
  const sides = new Map(comparisons.flatMap(({ of, against }) => [of, against]).map(side => [keyOf(side), side]))
  const lacks = [...sides.values()].map(missing).find(what => what !== undefined)
  if (lacks !== undefined) {
    console.log(`  SKIPPED: ${lacks} is missing`)
    return ['SKIPPED']
  }
  try {
    const all = await measureAll([...sides.values()], ports)
    return comparisons.map(comparison => judge(comparison, all))
  } catch (error) {
    console.log(`  FAILED: ${String(error)}`)
    return ['FAILED']
  }
}

install()
console.log(`${machine()}, load average ${loadavg()[0]?.toFixed(1)}, median of ${rounds} rounds`)
const server = await serve(new URL('./peers/server.ts', import.meta.url))
const verdicts: Verdict[] = []
for (const target of TARGETS.filter(({ name }) => name.toLowerCase().includes(options.case.toLowerCase()))) {
  console.log(`\n${target.name}`)
  verdicts.push(...(await check(target, server.url)))
}
server.close()
const count = (verdict: Verdict): number => verdicts.filter(each => each === verdict).length
console.log(
  `\n${count('held')} held, ${count('NOT held')} not held, ${count('SKIPPED')} skipped, ${count('FAILED')} failed`,
)
process.exitCode = count('NOT held') + count('FAILED') === 0 && verdicts.length > 0 ? 0 : 1
