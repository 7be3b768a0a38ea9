/** The cases of bench/scale.ts and bench/drift.ts, and how their processes are started. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { ClientOptions } from '../../src/index.ts'

export const CONCURRENCY = 200

export interface ScaleCase {
  readonly name: string
  readonly says: string
  readonly hosts: number
  /** The server refuses one of this many requests; 0: none. */
  readonly refuseEvery: number
  /** Whether a sink counts the outcomes. */
  readonly sink: boolean
  readonly options: ClientOptions
}

const plain = { hosts: 1, refuseEvery: 0, sink: true, options: { concurrency: CONCURRENCY } } as const
const FAR_AWAY_RATE = { limit: 1_000_000, interval: '1s', burst: 1_000_000 } as const

export const CASES: readonly ScaleCase[] = [
  { ...plain, name: 'sink', says: '`drain` with a sink that counts the outcomes' },
  { ...plain, name: 'totals', says: '`drain` without a sink', sink: false },
  { ...plain, name: 'hosts', says: 'with that sink, over 50 hosts in turn', hosts: 50 },
  {
    ...plain,
    name: 'retries',
    says: 'with that sink, 1 % of the responses are 503, and a rate that is never reached',
    refuseEvery: 100,
    options: { concurrency: CONCURRENCY, rateLimit: FAR_AWAY_RATE },
  },
]

export function caseOf(name: string): ScaleCase {
  const found = CASES.find(each => each.name === name)
  if (found === undefined)
    throw new Error(`case: expected one of ${CASES.map(each => each.name).join(', ')}, got ${name}.`)
  return found
}

/** Distinct URLs that rotate over the origins. */
export const urlOf = (origins: readonly string[], index: number): string =>
  `${origins[index % origins.length] as string}/items/${index}?page=1`

/** Starts a program of this folder in its own process, with `gc()` available. It ends when it is disconnected. */
export function start(program: string, args: readonly (string | number)[]): ChildProcess {
  return fork(new URL(`./${program}.ts`, import.meta.url), args.map(String), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--expose-gc'],
  })
}

/** Starts the server of a case. Returns its origins and a function that ends it. */
export async function serve({ hosts, refuseEvery }: ScaleCase): Promise<{ origins: string[]; close: () => void }> {
  const child = start('canned-server', [hosts, refuseEvery])
  const [origins] = (await once(child, 'message')) as [string[]]
  return { origins, close: () => child.disconnect() }
}
