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

const HEAD = [
  'dead hosts',
  'requests per light host',
  'requests',
  'finished by then',
  'light hosts alone',
  'light hosts in the batch',
  'ratio',
]
const HEAD_OF_HOSTS = ['median host', 'worst host', 'Jain index']

const page = (rows: readonly Row[], gate: Awaited<ReturnType<typeof gateCosts>>): string => `# Fairness, measured

How much a busy host and unreachable hosts slow down the other hosts of a batch. Written by \`node bench/hosts.ts --write\`
(Node ${process.version}, ${availableParallelism()} cores). \`npm run bench\` repeats the measurement and fails if a value is out of its bound.

## ${HOSTS.toLocaleString('en')} hosts, one with 90 % of the work, 10 % dead

| ${[...HEAD, ...HEAD_OF_HOSTS].join(' | ')} |
|${'---|'.repeat(HEAD.length + HEAD_OF_HOSTS.length)}
${rows.map(({ name, cells }) => `| ${name} | ${cells.join(' | ')} |`).join('\n')}

The batch has one **heavy** host with 90 % of the requests, 100 **dead** hosts and ${light.length} **light** hosts. Each host is an
address of 127.1.0.0/16, and so an origin of its own. One process serves all hosts that are not dead, and responds after
${LATENCY_MS} ms. The client has \`concurrency: ${CONCURRENCY}\` and defaults otherwise. The input is one array, sorted by host: first the heavy
host, then the dead ones, then the light ones. Median of ${ROUNDS} rounds.

- **dead hosts**: \`refused\` means that no process listens there. With \`black holes\` the kernel drops attempts to connect, as
  a firewall does.
- **light hosts alone**: how long a batch with only the requests of the light hosts takes, in the same order and with the same
  options. The latency leaves CPU time free in both processes, so slots are scarce, and CPU time is not.
- **light hosts in the batch**: how long it takes in the whole batch until the last light host has its last response. The run
  is ended then; the requests that are left are those of the heavy host and of dead hosts. **finished by then** counts the
  finished requests of all hosts.
- **ratio**: light hosts in the batch, divided by light hosts alone. Bound: at most ${MAX_RATIO}. **median host** and **worst host** are
  the same ratio per host. They have no bound, because the position of a host within a round is chance.
- **Jain index**: the fairness index of Jain, Chiu and Hawe over the inverse ratios of the light hosts; 1 means that all are
  slowed down equally. Bound: at least ${MIN_JAIN}.

Each unreachable host costs about the same: it gets one request, which holds a slot until it fails or until it has waited
five times the usual response time. From then on, all hosts that do not respond share a twentieth of the slots. With few
requests per light host, this first request is a larger part of the whole.

A host that accepts connections and never responds looks like a slow host until the timeout. While other hosts wait for
slots, all hosts that have not responded yet share at most a fifth of the slots, and a twentieth after their timeout. There is
one exception. When most new hosts have responded so far, the limit of a fifth applies only to hosts that have waited for
more than five times the usual response time. The first hosts that never respond can then take more slots before they are
noticed, and they keep these slots until their timeout.

## The gate

| hosts × queued requests | µs per request | lowest to highest |
|---|---|---|
${gate.rows.map(({ name, microseconds, spread }) => `| ${name} | ${microseconds.toFixed(2)} | ${spread} |`).join('\n')}

Measured by \`bench/gate.ts\`: the CPU time of the gate (the queues and limits that each request passes) with
\`concurrency: 50\` and a transport that costs nothing. Every case has 100,000 requests queued at once, spread over as many gates
as needed, so that memory costs the same in all cases. Median of the rounds. The largest cost is ${gate.ratio.toFixed(2)} times the smallest; bound:
at most ${gate.bound} times. Hosts that wait for the same limit form a linked list, so a free slot is given to the next host without a search.
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
