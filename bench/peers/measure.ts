/** Runs contenders in fresh processes, in turn, and keeps what each process measured of itself. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CONTENDERS } from './contenders.ts'
import type { Shape } from './shapes.ts'

const run = promisify(execFile)
const ONE = fileURLToPath(new URL('one.ts', import.meta.url))

export interface Figures {
  readonly cpuUs: number
  readonly perSecond: number
  readonly rssMb: number
}

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
  const names = CONTENDERS.filter(({ can }) => can(shape)).map(({ name }) => name)
  const figures = new Map<string, (Figures | undefined)[]>(names.map(name => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(round + at) % names.length] as string
      const figure = await one([ONE, name, shape.name, ports, String(requests)])
      figures.get(name)?.push(figure)
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

async function one(args: readonly string[]): Promise<Figures | undefined> {
  try {
    const { stdout } = await run(process.execPath, [...args], { env: { ...process.env, NODE_NO_WARNINGS: '1' } })
    return JSON.parse(stdout) as Figures
  } catch (error) {
    console.error(
      `${args[1]} / ${args[2]}: ${String((error as Error).message)
        .split('\n')
        .slice(0, 3)
        .join(' ')}`,
    )
    return undefined
  }
}
