/**
 * Measures the CPU time of this process for several ways to do the same work. They take turns, so that noise hits all
 * alike.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'

export interface Contender {
  readonly name: string
  /** Does the same work each time. */
  readonly run: () => Promise<void>
}

export interface Measured {
  readonly name: string
  readonly microsecondsPerRequest: number
  /** Median over the rounds of this contender's CPU time divided by the first one's in the same round. */
  readonly ratio: number
}

export interface RoundPlan {
  readonly requests: number
  readonly rounds: number
  readonly warmUps: number
}

/** The others are compared with the first contender. */
export async function measure(
  contenders: readonly Contender[],
  { requests, rounds, warmUps }: RoundPlan,
): Promise<Measured[]> {
  for (let i = 0; i < warmUps; i++) for (const { run } of contenders) await run()
  const cpuUs: number[][] = contenders.map(() => [])
  for (let round = 0; round < rounds; round++) {
    // The order rotates, so that no contender always runs after the same one.
    for (let i = 0; i < contenders.length; i++) {
      const index = (round + i) % contenders.length
      globalThis.gc?.()
      const before = process.cpuUsage()
      await contenders[index]?.run()
      const { user, system } = process.cpuUsage(before)
      cpuUs[index]?.push(user + system)
    }
  }
  return contenders.map(({ name }, index) => ({
    name,
    microsecondsPerRequest: median(cpuUs[index] ?? []) / requests,
    ratio: median((cpuUs[index] ?? []).map((us, round) => us / (cpuUs[0]?.[round] ?? NaN))),
  }))
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** Starts a server program. Returns the URL that it sends, and a function that ends it. */
export async function serve(program: URL): Promise<{ url: string; close: () => void }> {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  // A program that cannot start ends this one too: `once` rejects on its error.
  const [url] = (await once(child, 'message')) as [string]
  return { url, close: () => child.disconnect() }
}
