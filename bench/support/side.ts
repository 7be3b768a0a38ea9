/** One side of a comparison: what is measured in a fresh process. */
import type { Figures } from '../peers/figures.ts'
import { PROGRAMS } from '../peers/programs.ts'
import { sample } from '../peers/sample.ts'
import type { Work } from '../peers/sample.ts'
import type { Ports } from '../peers/shapes.ts'
import { start } from './start.ts'
import type { Library } from './start.ts'

/** Some requests, or the import of a library and its first request. */
export type Side = Work | { readonly startOf: Library }

/** Equal sides are measured once per round. */
export const keyOf = (side: Side): string => JSON.stringify(side)

export function nameOf(side: Side): string {
  if ('startOf' in side) return `import ${side.startOf}, first request`
  return `${side.contender}, ${side.requests.toLocaleString('en')} × ${side.shape}`
}

/** A part of its requests, for a quick look. */
export function scaled(side: Side, scale: number): Side {
  if ('startOf' in side) return side
  const part = (count: number): number => Math.max(1, Math.round(count * scale))
  const { requests, warmUp } = side
  return { ...side, requests: part(requests), ...(warmUp !== undefined && { warmUp: part(warmUp) }) }
}

/** What this machine lacks to measure it. */
export function missing(side: Side): string | undefined {
  return 'startOf' in side ? undefined : PROGRAMS.find(({ name }) => name === side.contender)?.missing()
}

/** `ports` is what bench/peers/server.ts has sent. */
export async function measureSide(side: Side, ports: string): Promise<Figures> {
  if (!('startOf' in side)) return sample(side, ports)
  const { plain } = JSON.parse(ports) as Ports
  const { cpuMs, wallMs, rssMb } = start(side.startOf, `http://127.0.0.1:${plain}/small/0`)
  return { cpuUs: cpuMs * 1_000, perSecond: 1_000 / wallMs, rssMb }
}
