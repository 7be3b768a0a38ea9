/** What the contenders are measured with. */

/** What the server answers: its path begins with the name. */
export type Answer = 'small' | 'medium' | 'large' | 'gzip'

export interface Shape {
  readonly name: string
  readonly answer: Answer
  readonly requests: number
  /** No more than this many rounds, because each takes long. */
  readonly rounds?: number
  /** Default GET without a body. */
  readonly method?: 'POST'
  /** Default HTTP/1.1 in the clear with connections that stay open. `fast`: the same, from the server that parses nothing. */
  readonly wire?: 'tls' | 'h2' | 'close' | 'fast'
  /** Number of hosts that the requests are spread over, each an address of this machine. Default 1. */
  readonly hosts?: number
  /** Only for our own contender: what is switched on or off. */
  readonly extra?: 'run file' | 'schema' | 'stream' | 'no rate'
}

const SMALL = { answer: 'small', requests: 30_000 } as const

export const SHAPES: readonly Shape[] = [
  { name: '250 B of JSON', ...SMALL },
  { name: '250 B of JSON, fast server', ...SMALL, wire: 'fast' },
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
  { name: '250 B, no rate', ...SMALL, extra: 'no rate' },
  { name: '10,000 requests', answer: 'small', requests: 10_000 },
  { name: '100,000 requests', answer: 'small', requests: 100_000 },
  { name: '1,000,000 requests', answer: 'small', requests: 1_000_000, rounds: 3 },
]

/** Where server.ts listens. */
export type Ports = Readonly<Record<'plain' | 'tls' | 'h2' | 'fast', number>>

export function shapeOf(name: string): Shape {
  const found = SHAPES.find(shape => shape.name === name)
  if (found === undefined) throw new Error(`shape: expected a known one, got ${name}`)
  return found
}

/** `ports` is what server.ts has sent. */
export function urlsOf({ wire, hosts = 1, answer }: Shape, ports: string, count: number): string[] {
  const known = JSON.parse(ports) as Ports
  const scheme = wire === 'tls' || wire === 'h2' ? 'https' : 'http'
  const port = known[wire === undefined || wire === 'close' ? 'plain' : wire]
  return Array.from({ length: count }, (_, at) => {
    const host = at % hosts
    return `${scheme}://127.${host >> 8}.${host & 255}.1:${port}/${answer}/${at}`
  })
}

export const CONCURRENCY = 50
export const POST_BODY = { id: 7, name: 'node', note: 'x'.repeat(200) }
