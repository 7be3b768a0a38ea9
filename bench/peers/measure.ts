/** Lets the contenders take turns, and keeps what each process measured of itself. */
import { CONTENDERS } from './contenders.ts'
import type { Figures } from './figures.ts'
import { PROGRAMS, canRun } from './programs.ts'
import { sample } from './sample.ts'
import type { Work } from './sample.ts'
import type { Shape } from './shapes.ts'

/** One contender with one shape, over all rounds. */
export interface Row {
  readonly contender: string
  readonly figures: readonly Figures[]
  /** CPU time divided by that of the first contender in the same round. */
  readonly ratios: readonly number[]
}

/** The order rotates, so that no contender always runs after the same one. A contender that fails has no figures. */
export async function measureShape(
  shape: Shape,
  ports: string,
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
): Promise<Row[]> {
  const names = namesFor(shape)
  const figures = new Map<string, (Figures | undefined)[]>(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const contender = names[(round + at) % names.length] as string
      figures.get(contender)?.push(await attempt({ contender, shape: shape.name, requests }, ports))
    }
  }
  const first = figures.get(names[0] as string) ?? []
  return names.map(contender => {
    const own = figures.get(contender) ?? []
    return {
      contender,
      figures: own.filter(figure => figure !== undefined),
      ratios: own.flatMap((figure, round) => {
        const base = first[round]
        return figure === undefined || base === undefined ? [] : [figure.cpuUs / base.cpuUs]
      }),
    }
  })
}

/** Whoever can run the shape here. */
function namesFor(shape: Shape): string[] {
  const names = CONTENDERS.filter(({ can }) => can(shape)).map(({ name }) => name)
  if (!canRun(shape)) return names
  for (const { name, missing } of PROGRAMS) {
    const what = missing()
    if (what === undefined) names.push(name)
    else console.log(`SKIPPED: ${name}, because ${what} is missing`)
  }
  return names
}

async function attempt(work: Work, ports: string): Promise<Figures | undefined> {
  try {
    return await sample(work, ports)
  } catch (error) {
    const message = String((error as Error).message)
      .split('\n')
      .slice(0, 3)
      .join(' ')
    console.error(`${work.contender} / ${work.shape}: ${message}`)
    return undefined
  }
}
