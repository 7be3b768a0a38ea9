/** The targets of the wire: what is compared with what, and the bound of each comparison. */
import type { Figures } from '../peers/figures.ts'
import { CURL, PREQ } from '../peers/programs.ts'
import type { Work } from '../peers/sample.ts'
import type { Side } from './side.ts'

/** The figure of one side divided by that of the other in the same round. Without a bound it is only printed. */
export interface Comparison {
  readonly figure: keyof Figures
  readonly of: Side
  readonly against: Side
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Target {
  readonly name: string
  readonly comparisons: readonly Comparison[]
}

const PLAIN = '250 B of JSON'
const FAST = '250 B of JSON, fast server'
const TLS = '250 B over TLS'
const H2 = '250 B over HTTP/2'
const HOSTS = '250 B from 1,000 hosts'
const NO_RATE = '250 B, no rate'
const RUN_FILE = '250 B, run file on'

const work =
  (contender: string) =>
  (shape: string, requests = 30_000): Work => ({ contender, shape, requests })
const ours = work('parallel-requests')
const bare = work('undici dispatch + JSON.parse')
const bareH2 = work('node:http2 + JSON.parse')
const raw = work('raw sockets (the floor)')
const curl = work(CURL.name)

const cpu = (of: Side, against: Side, atMost: number): Comparison => ({ figure: 'cpuUs', of, against, atMost })
/** From the fast server, because node:http answers fewer requests per second than a fast client can send. */
const faster = (than: string, atLeast: number): Comparison => ({
  figure: 'perSecond',
  of: ours(FAST),
  against: work(than)(FAST),
  atLeast,
})
const preq = (urls: number, atMost: number): Comparison[] =>
  PREQ.map(({ name }) => cpu(work(name)(PLAIN, urls), curl(PLAIN, urls), atMost))
/** Long enough that neither count of requests pays for compiling. */
const warm = (requests: number): Work => ({ ...ours(PLAIN, requests), warmUp: 20_000 })

export const TARGETS: readonly Target[] = [
  { name: 'plain', comparisons: [cpu(ours(PLAIN), bare(PLAIN), 1), cpu(ours(FAST), bare(FAST), 1)] },
  { name: 'TLS', comparisons: [cpu(ours(TLS), bare(TLS), 0.8)] },
  { name: 'preq, 20,000 URLs', comparisons: preq(20_000, 1.2) },
  { name: 'preq, 200,000 URLs', comparisons: preq(200_000, 0.65) },
  {
    name: 'throughput',
    comparisons: [
      faster('fetch + p-limit', 4.5),
      faster('ky + p-queue', 7),
      faster('axios + p-limit', 9),
      faster('got + p-limit', 10),
    ],
  },
  { name: 'HTTP/2', comparisons: [cpu(ours(H2), bareH2(H2), 1.25)] },
  {
    name: '1,000 hosts',
    comparisons: [
      cpu(ours(HOSTS, 100_000), ours(PLAIN, 100_000), 1.3),
      { figure: 'cpuUs', of: raw(HOSTS, 100_000), against: raw(PLAIN, 100_000) },
    ],
  },
  { name: 'a million requests', comparisons: [cpu(warm(1_000_000), warm(100_000), 1.05)] },
  { name: 'a rate that never binds', comparisons: [cpu(ours(PLAIN), ours(NO_RATE), 1.03)] },
  { name: 'run file', comparisons: [cpu(ours(RUN_FILE), ours(PLAIN), 1.15)] },
  { name: 'memory', comparisons: [{ figure: 'rssMb', of: ours(PLAIN), against: bare(PLAIN), atMost: 1.2 }] },
  { name: 'start', comparisons: [cpu({ startOf: 'parallel-requests' }, { startOf: 'undici' }, 0.7)] },
]
