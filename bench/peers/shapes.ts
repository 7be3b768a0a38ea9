/** What the contenders are measured with. */

/** What the server answers: its path begins with the name. */
export type Answer = 'small' | 'medium' | 'large' | 'gzip'

export interface Shape {
  readonly name: string
  readonly answer: Answer
  readonly requests: number
  /** Default GET without a body. */
  readonly method?: 'POST'
  /** Default plain HTTP/1.1 with connections that stay open. */
  readonly wire?: 'tls' | 'h2' | 'close'
  /** Number of hosts that the requests are spread over, each an address of this machine. Default 1. */
  readonly hosts?: number
  /** Only for our own contender: what else is switched on. */
  readonly extra?: 'run file' | 'schema' | 'stream'
}

const SMALL = { answer: 'small', requests: 30_000 } as const

export const SHAPES: readonly Shape[] = [
  { name: '250 B of JSON', ...SMALL },
  { name: '10 kB of JSON', answer: 'medium', requests: 20_000 },
  { name: '1 MB of JSON', answer: 'large', requests: 300 },
  { name: '10 kB of JSON, gzip', answer: 'gzip', requests: 20_000 },
  { name: '250 B over TLS', ...SMALL, wire: 'tls' },
  { name: '250 B over HTTP/2', ...SMALL, wire: 'h2' },
  { name: '250 B from 1,000 hosts', ...SMALL, hosts: 1_000 },
  { name: 'POST of 250 B', ...SMALL, method: 'POST' },
  { name: '250 B, no keep-alive', answer: 'small', requests: 5_000, wire: 'close' },
  { name: '250 B, run file on', ...SMALL, extra: 'run file' },
  { name: '250 B, schema on', ...SMALL, extra: 'schema' },
  { name: '250 B, as a stream', ...SMALL, extra: 'stream' },
  { name: '10,000 requests', answer: 'small', requests: 10_000 },
  { name: '100,000 requests', answer: 'small', requests: 100_000 },
  { name: '1,000,000 requests', answer: 'small', requests: 1_000_000 },
]

export const CONCURRENCY = 50
export const POST_BODY = { id: 7, name: 'node', note: 'x'.repeat(200) }
