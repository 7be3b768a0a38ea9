/**
 * 1,000 hosts, of which one has 90 % of the requests and 10 % cannot be reached: what that costs the healthy ones.
 * Prints a table; with `--write` it writes docs/fairness.md, which says how each column is measured.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { gateCosts } from './support/gate-costs.ts'
import { median } from './support/measure.ts'
import { ParallelRequests } from '../src/index.ts'

const HOSTS = 1_000
const CONCURRENCY = 100
const LATENCY_MS = 40
/** The bound that the project promises. */
const MAX_RATIO = 1.1
const MIN_JAIN = 0.95
const ROUNDS = 3

const HEAVY = 0
const isDead = (host: number): boolean => host % 10 === 9
const addressOf = (host: number): string => `127.1.${host >> 8}.${host & 255}`
const hosts = Array.from({ length: HOSTS }, (_, host) => host)
const light = hosts.filter(host => host !== HEAVY && !isDead(host))

interface Case {
  readonly name: string
  /** A port without a listener, for the dead hosts. */
  readonly deadPort: number
  readonly perHost: number
}

interface Row {
  readonly name: string
  readonly cells: readonly string[]
  readonly isHeld: boolean
}

async function start(program: string, ...args: string[]) {
  const child = fork(new URL(`./support/${program}.ts`, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [url] = (await once(child, 'message')) as [string]
  return { port: Number(new URL(url).port), stop: () => child.kill('SIGKILL') }
}

/** A port without a listener. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const urlsTo = (host: number, port: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `http://${addressOf(host)}:${port}/${index}`)

/**
 * Sorted by host, the heavy one first and the dead ones next: the worst order for a client that takes an array as it
 * is.
 */
function workOf({ deadPort, perHost }: Case, port: number) {
  const ofLight = light.flatMap(host => urlsTo(host, port, perHost))
  const ofDead = hosts.filter(isDead).flatMap(host => urlsTo(host, deadPort, perHost))
  return { ofLight, all: [...urlsTo(HEAVY, port, 9 * (ofLight.length + ofDead.length)), ...ofDead, ...ofLight] }
}

/** The time at which the last request of each light host was answered. Ends the run once all of them are. */
async function finish(urls: readonly string[], ofLight: readonly string[]) {
  await using client = new ParallelRequests({ concurrency: CONCURRENCY })
  const wanted = new Set(ofLight)
  const endsMs = new Map<string, number>()
  const startedAtMs = performance.now()
  const run = client.stream(urls)
  let done = 0
  for await (const { ok, error, request } of run) {
    done++
    if (!wanted.delete(request.url)) continue
    if (!ok) throw new Error(`${request.url}: expected an answer, got ${String(error)}`)
    endsMs.set(new URL(request.url).host, performance.now() - startedAtMs)
    if (wanted.size === 0) break
  }
  return { endsMs, done }
}

function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0))
}

const last = (endsMs: ReadonlyMap<string, number>): number => Math.max(...endsMs.values())

async function measure(one: Case, port: number): Promise<Row> {
  const { ofLight, all } = workOf(one, port)
  const rounds: { alone: number; mixed: number; median: number; worst: number; jain: number }[] = []
  let done = 0
  for (let nth = 0; nth < ROUNDS; nth++) {
    const alone = await finish(ofLight, ofLight)
    const mixed = await finish(all, ofLight)
    done = mixed.done
    const ratios = [...alone.endsMs].map(([host, atMs]) => (mixed.endsMs.get(host) ?? NaN) / atMs)
    rounds.push({
      alone: last(alone.endsMs),
      mixed: last(mixed.endsMs),
      median: median(ratios),
      worst: Math.max(...ratios),
      jain: jain(ratios.map(ratio => 1 / ratio)),
    })
  }
  const of = (name: keyof (typeof rounds)[number]): number => median(rounds.map(each => each[name]))
  const ratio = median(rounds.map(({ alone, mixed }) => mixed / alone))
  const isHeld = ratio <= MAX_RATIO && of('jain') >= MIN_JAIN
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`
  return {
    name: one.name,
    cells: [
      String(one.perHost),
      all.length.toLocaleString('en'),
      done.toLocaleString('en'),
      seconds(of('alone')),
      seconds(of('mixed')),
      ratio.toFixed(3),
      of('median').toFixed(3),
      of('worst').toFixed(2),
      of('jain').toFixed(4),
    ],
    isHeld,
  }
}

const HEAD = ['dead hosts', 'requests per light host', 'requests', 'ended by then', 'alone', 'in the mix', 'ratio']
const HEAD_OF_HOSTS = ['median host', 'worst host', 'Jain']

const page = (rows: readonly Row[], gate: Awaited<ReturnType<typeof gateCosts>>): string => `# Fairness, measured

Made by \`node bench/hosts.ts --write\` (Node ${process.version}, ${availableParallelism()} cores); \`npm run bench\` runs it again and fails when a
bound does not hold.

## ${HOSTS.toLocaleString('en')} hosts, one with 90 % of the work, 10 % dead

| ${[...HEAD, ...HEAD_OF_HOSTS].join(' | ')} |
|${'---|'.repeat(HEAD.length + HEAD_OF_HOSTS.length)}
${rows.map(({ name, cells }) => `| ${name} | ${cells.join(' | ')} |`).join('\n')}

The hosts are addresses of 127.1.0.0/16, each a separate origin, served by one process that answers after ${LATENCY_MS} ms, with
\`concurrency: ${CONCURRENCY}\` and defaults otherwise. The input is one array, sorted by host: first the heavy host, then the dead
ones, then the ${light.length} light ones. Median of ${ROUNDS} rounds.

- **refused**: no process listens there. **black holes**: the kernel drops attempts to connect, as a firewall does.
- **alone**: only the requests of the light hosts, in the same order, with the same options. The latency keeps both
  processes below the CPU time of the machine, so that slots are scarce and not CPU time.
- **in the mix**: the time until the last light host has its last answer. The run is ended then, because the heavy host
  would have all slots.
- **ratio**: mix to alone, for the light hosts as a group. Bound: ${MAX_RATIO}. **median host**, **worst host**: the same per host.
  The position of a single host within a round is chance, so the worst host has no bound.
- **Jain**: the index of Jain, Chiu and Hawe over alone / mix of each light host; 1 means that all are slowed down equally. Bound: ${MIN_JAIN}.

Dead hosts cost a constant amount per host: each gets one request, which waits about five times as long as others take to
answer. After that black holes may hold a twentieth of the slots. With few requests per light host that is a larger part of
the time. Hosts that accept a connection and never answer cannot be distinguished from slow ones before their timeout: while
others wait, they hold up to a fifth of the slots until then, and a twentieth afterwards. If most of the new hosts have
answered so far, the first such hosts may hold more, once, until their timeout.

## The gate

| hosts × requests in line | µs per request | least to most |
|---|---|---|
${gate.rows.map(({ name, microseconds, spread }) => `| ${name} | ${microseconds.toFixed(2)} | ${spread} |`).join('\n')}

Measured by \`bench/gate.ts\`: CPU time of the gate alone, in and out, with a transport that costs nothing and
\`concurrency: 50\`. Every case has 100,000 requests queued at once, in as many gates as needed, so that memory costs all cases
the same. Median of the rounds. Largest over smallest: ${gate.ratio.toFixed(2)}; bound: ${gate.bound}. Lanes wait in a heap, so a thousand
hosts cost ten steps more than one.
`

// Measured first, because otherwise the compiler would have been trained by the other cases.
const gate = process.argv.includes('--write') ? await gateCosts() : undefined
const server = await start('hosts-server', String(LATENCY_MS))
const holes = await start('black-holes', hosts.filter(isDead).map(addressOf).join(','))
const refusing = await closedPort()
const cases: readonly Case[] = [
  { name: 'refused', deadPort: refusing, perHost: 3 },
  { name: 'refused', deadPort: refusing, perHost: 20 },
  { name: 'black holes', deadPort: holes.port, perHost: 20 },
]
try {
  const rows: Row[] = []
  for (const one of cases) {
    const row = await measure(one, server.port)
    rows.push(row)
    console.log(`${row.name.padEnd(12)} ${row.cells.join('  ')}${row.isHeld ? '' : '  NOT held'}`)
  }
  const isHeld = rows.every(row => row.isHeld)
  console.log(`bounds: ${isHeld ? 'held' : 'NOT held'}`)
  if (gate !== undefined) writeFileSync(new URL('../docs/fairness.md', import.meta.url), page(rows, gate))
  process.exitCode = isHeld ? 0 : 1
} finally {
  server.stop()
  holes.stop()
}
