/**
 * Measures every target of the wire and says whether its bound holds: `npm run bench:targets`. CPU time is per request.
 * All samples are fresh processes. Both sides of a ratio are measured in the same round, and the order of the sides
 * rotates. Each figure is a median, with the least and the most.
 *
 * `--rounds N` (7), `--case TEXT` for the targets whose name contains it, `--scale F` for a part of the requests.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Figures } from './peers/figures.ts'
import { install } from './peers/install.ts'
import { machine } from './support/machine.ts'
import { serve } from './support/measure.ts'
import { keyOf, measureSide, missing, scaled } from './support/side.ts'
import type { Side } from './support/side.ts'
import { TARGETS } from './support/targets.ts'
import type { Comparison } from './support/targets.ts'
import { judge } from './support/verdict.ts'
import type { Measured, Verdict } from './support/verdict.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    case: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
  },
})
const rounds = Number(options.rounds)
const scale = Number(options.scale)

async function measureAll(sides: readonly Side[], ports: string): Promise<Measured> {
  const figures = new Map<string, Figures[]>(sides.map(side => [keyOf(side), []]))
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < sides.length; at++) {
      const side = sides[(round + at) % sides.length] as Side
      figures.get(keyOf(side))?.push(await measureSide(side, ports))
    }
  }
  return figures
}

async function check(comparisons: readonly Comparison[], ports: string): Promise<(Verdict | 'skipped' | 'failed')[]> {
  const sides = new Map(comparisons.flatMap(({ of, against }) => [of, against]).map(side => [keyOf(side), side]))
  const lacks = [...sides.values()].map(missing).find(what => what !== undefined)
  if (lacks !== undefined) {
    console.log(`  SKIPPED, because ${lacks} is missing`)
    return ['skipped']
  }
  try {
    const measured = await measureAll([...sides.values()], ports)
    return comparisons.map(comparison => {
      const { verdict, text } = judge(comparison, measured)
      console.log(text)
      return verdict
    })
  } catch (error) {
    console.log(`  FAILED: ${String(error)}`)
    return ['failed']
  }
}

const wanted = TARGETS.filter(({ name }) => name.toLowerCase().includes(options.case.toLowerCase()))
if (wanted.length === 0) {
  const known = TARGETS.map(({ name }) => `'${name}'`).join(', ')
  console.error(`--case: expected a part of one of ${known}, got '${options.case}'.`)
  process.exit(2)
}
install()
const part = scale === 1 ? '' : `, only ${scale} of the requests`
console.log(`${machine()}, load average ${loadavg()[0]?.toFixed(1)}, medians of ${rounds} rounds${part}`)
const server = await serve(new URL('./peers/server.ts', import.meta.url))
const verdicts: (Verdict | 'skipped' | 'failed')[] = []
for (const { name, comparisons } of wanted) {
  console.log(`\n${name}`)
  const parts = comparisons.map(each => ({
    ...each,
    of: scaled(each.of, scale),
    against: scaled(each.against, scale),
  }))
  verdicts.push(...(await check(parts, server.url)))
}
server.close()
const count = (verdict: (typeof verdicts)[number]): number => verdicts.filter(each => each === verdict).length
console.log(
  `\n${count('held')} held, ${count('not held')} not held, ${count('skipped')} skipped, ${count('failed')} failed`,
)
process.exitCode = count('not held') + count('failed') === 0 ? 0 : 1
