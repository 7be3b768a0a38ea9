/**
 * What `workers: n` costs and saves: CPU per request in total and on the deciding thread, for small and large bodies.
 * Prints a table; with `--write` it writes docs/workers.md, with a projection for more cores.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { median, serve } from './support/measure.ts'
import { ParallelRequests } from '../src/index.ts'

/**
 * The bound that the project promises: with workers, the deciding thread has less than half of its work without them.
 */
const MAX_MAIN_SHARE = 0.5
const CONCURRENCY = 100
const THREADS = [0, 1, 2] as const
const ROUNDS = 7
const CORES = [2, 4, 8] as const

interface Size {
  readonly name: string
  readonly path: string
  readonly requests: number
}

const SIZES: readonly Size[] = [
  { name: '217 B of JSON', path: 'small', requests: 15_000 },
  { name: '100 kB of JSON', path: 'large', requests: 500 },
]

interface Cost {
  readonly perSecond: number
  readonly allUs: number
  readonly mainUs: number
}

async function measure(client: ParallelRequests, urls: readonly string[]): Promise<Cost> {
  const startedAtMs = performance.now()
  const all = process.cpuUsage()
  const main = process.threadCpuUsage()
  const { ok } = await client.drain(urls)
  const mainCpu = process.threadCpuUsage(main)
  const allCpu = process.cpuUsage(all)
  const tookMs = performance.now() - startedAtMs
  if (ok !== urls.length) throw new Error(`expected ${urls.length} answers, got ${ok}`)
  return {
    perSecond: (urls.length / tookMs) * 1_000,
    allUs: (allCpu.user + allCpu.system) / urls.length,
    mainUs: (mainCpu.user + mainCpu.system) / urls.length,
  }
}

async function compare({ path, requests }: Size, server: string): Promise<readonly Cost[]> {
  const urls = Array.from({ length: requests }, (_, index) => `${server}/${path}/${index}`)
  const clients = THREADS.map(workers => new ParallelRequests({ concurrency: CONCURRENCY, workers }))
  const rounds: Cost[][] = THREADS.map(() => [])
  try {
    for (let round = -2; round < ROUNDS; round++) {
      // The order rotates, so that no variant always runs after the same one.
      for (let nth = 0; nth < THREADS.length; nth++) {
        const index = (round + THREADS.length + nth) % THREADS.length
        const cost = await measure(clients[index] as ParallelRequests, urls)
        if (round >= 0) rounds[index]?.push(cost)
      }
    }
  } finally {
    for (const client of clients) await client.close()
  }
  return rounds.map(costs => ({
    perSecond: median(costs.map(({ perSecond }) => perSecond)),
    allUs: median(costs.map(({ allUs }) => allUs)),
    mainUs: median(costs.map(({ mainUs }) => mainUs)),
  }))
}

interface Table {
  readonly size: Size
  readonly costs: readonly Cost[]
}

const micro = (us: number): string => us.toFixed(1)
const count = (perSecond: number): string => Math.round(perSecond).toLocaleString('en')

const rowsOf = ({ size, costs }: Table): string[][] =>
  costs.map(({ perSecond, allUs, mainUs }, index) => [
    size.name,
    String(THREADS[index]),
    count(perSecond),
    micro(allUs),
    micro(mainUs),
    micro(allUs - mainUs),
  ])

/** The deciding thread has a core of its own, and the workers share the others; the client has the whole machine. */
function projected({ costs }: Table, cores: number) {
  const [without, , two] = costs as readonly [Cost, Cost, Cost]
  const alone = 1e6 / without.mainUs
  const decides = 1e6 / two.mainUs
  const carries = ((cores - 1) * 1e6) / (two.allUs - two.mainUs)
  return { alone, decides, carries, together: Math.min(decides, carries) }
}

function projectionOf(table: Table): string {
  return CORES.map(cores => {
    const { alone, decides, carries, together } = projected(table, cores)
    const cells = [table.size.name, cores, count(alone), count(decides), count(carries), count(together)]
    return `| ${[...cells, `${(together / alone).toFixed(1)} ×`].join(' | ')} |`
  }).join('\n')
}

const page = (tables: readonly Table[]): string => `# Worker threads, measured and projected

Made by \`node bench/workers.ts --write\` (Node ${process.version}, ${availableParallelism()} cores); \`npm run bench\` runs it again and fails when its
bound does not hold.

## Measured

| body | \`workers\` | requests/s | CPU µs per request, all threads | of the deciding thread | of the others |
|---|---|---|---|---|---|
${tables
  .flatMap(rowsOf)
  .map(cells => `| ${cells.join(' | ')} |`)
  .join('\n')}

\`drain\` with \`concurrency: ${CONCURRENCY}\` and defaults otherwise, against a Node server in a separate process on the same machine.
Median of ${ROUNDS} rounds, the variants in turn. CPU time by \`process.cpuUsage()\` and \`process.threadCpuUsage()\`; "the others" are
the workers, the compiler and the garbage collector. Bound: with 2 workers and small bodies, the deciding thread has less
than ${MAX_MAIN_SHARE * 100} % of the work that it has without workers.

**A machine with two cores gains nothing.** The server needs one core, so the worker threads share the other one with the
deciding thread, and their overhead is a loss. Leave \`workers\` at 0 there, and wherever the process does not keep a core busy,
or a rate or the server is the bottleneck.

## Projected

This section is arithmetic, not measurement. With

- m: CPU of the deciding thread per request with \`workers: 2\`, w: CPU of all others per request,
- c: cores that the client has to itself (the server is on another machine), c − 1 of them for workers,

the deciding thread allows 1 / m requests a second, the workers (c − 1) / w, and the smaller one counts:
**min(1 / m, (c − 1) / w)**. Without workers it is 1 / m₀, the CPU of the one thread that does it all.

| body | cores | without | 1 / m | (c − 1) / w | with c − 1 workers | gain |
|---|---|---|---|---|---|---|
${tables.map(projectionOf).join('\n')}

All assumptions favour workers: cores of equal speed that no other process uses, no loss in memory and caches, m and w the
same for any number of workers (with more workers a batch of messages gets smaller, and costs more per request), and a
network and a server that keep up. Take the result as an upper bound, and measure on your machine.

- **1 / m is the ceiling**, however many workers there are: the source, the gate, cookies, retries, decoding of JSON and
  the outcome are the work of one thread. Where the two columns cross, more workers do not help.
- **Large bodies**: workers handle sockets, TLS and decompression. A body of more than 16 kB then moves in its own buffer
  without a copy; smaller ones move together in one. Parsing stays on the deciding thread, so large JSON gains less. With
  \`returnType: 'content'\`, TLS or gzip, more of the work is on the workers, and the gain is larger.

## What is different with workers

- A thread takes about as long to start as the package takes to load. It is started when the first request needs it, and
  idle threads do not keep the process alive.
- The time limits of an attempt count from the moment when its thread takes it; \`timeouts.total\` counts from the start, as
  always.
- \`parallelRequestsSync\` has one thread anyway and starts no others, whatever \`workers\` says.
- A request whose body a function makes stays on the caller's thread.
- A POST that is cancelled while its connection is being made counts as sent. Only the other thread knows that it was not,
  and tells it too late. It is \`in_doubt\` and not retried.
- If a worker dies, its requests fail with \`internal/worker\`, or \`in_doubt/worker\` if they must not be sent twice. The next
  request starts a new worker.
- Each thread keeps its own idle connections. At no time are more of them in use than \`concurrency\` allows.
`

const server = await serve(new URL('./support/worker-server.ts', import.meta.url))
const tables: Table[] = []
for (const size of SIZES) {
  const table = { size, costs: await compare(size, server.url) }
  tables.push(table)
  for (const [body = '', ...cells] of rowsOf(table))
    console.log(body.padEnd(16), cells.map(cell => cell.padStart(9)).join(''))
}
server.close()
const [without, , two] = tables[0]?.costs ?? []
const share = (two?.mainUs ?? NaN) / (without?.mainUs ?? NaN)
const isHeld = share <= MAX_MAIN_SHARE
console.log(
  `deciding thread: ${(100 * share).toFixed(0)} % of its work without; bound: ${100 * MAX_MAIN_SHARE} %, ${isHeld ? 'held' : 'NOT held'}`,
)
if (process.argv.includes('--write')) writeFileSync(new URL('../docs/workers.md', import.meta.url), page(tables))
process.exitCode = isHeld ? 0 : 1
