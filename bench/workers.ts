/**
 * What `workers: n` costs and saves: CPU per request in total and on the main thread, for small and large bodies.
 * Prints a table; with `--write` it writes docs/workers.md, with a projection for more cores.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { median, serve } from './support/measure.ts'
import { ParallelRequests } from '../src/index.ts'

/**
 * The bound that the project promises: with workers, the main thread has less than half of its work without them.
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

/** The main thread has a core of its own, and the workers share the others; the client has the whole machine. */
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

With \`workers: n\`, the library does the network work of its requests on n worker threads. The main thread, which is the thread
of the caller, keeps the rest: it reads the input, decides when a request starts, parses responses and runs your callbacks.
This page shows what that costs and saves.

Written by \`node bench/workers.ts --write\` (Node ${process.version}, ${availableParallelism()} cores). \`npm run bench\` repeats the measurement and fails if the
bound below is exceeded.

## Measured

| body | \`workers\` | requests/s | CPU µs per request, all threads | main thread | other threads |
|---|---|---|---|---|---|
${tables
  .flatMap(rowsOf)
  .map(cells => `| ${cells.join(' | ')} |`)
  .join('\n')}

\`drain\` with \`concurrency: ${CONCURRENCY}\` and defaults otherwise, against a Node server in a separate process on the same machine.
Median of ${ROUNDS} rounds; the variants take turns. CPU time is read from \`process.cpuUsage()\` and \`process.threadCpuUsage()\`. "Other
threads" are the workers, the compiler and the garbage collector. Bound: with 2 workers and small bodies, the main thread has
at most ${MAX_MAIN_SHARE * 100} % of the work that it has without workers.

**Workers gain little or nothing on two cores.** The server needs one of the two, so the workers share the other one with the
main thread, and passing data between threads costs CPU time. Leave \`workers\` at 0 there. Leave it at 0 as well if your process
does not keep one core busy, or if a rate or the server limits the run.

## Projected

This section is calculated from the figures above, not measured. Let

- m be the CPU time of the main thread per request with \`workers: 2\`, and w that of all other threads;
- m₀ be the CPU time of the main thread per request without workers;
- c be the number of cores that the client has to itself (the server is on another machine): one for the main thread and
  c − 1 for workers.

The main thread can handle 1 / m requests per second, and the workers (c − 1) / w. The smaller number is the limit:
**min(1 / m, (c − 1) / w)**. Without workers it is 1 / m₀.

| body | cores | without workers, requests/s | 1 / m | (c − 1) / w | with c − 1 workers, requests/s | gain |
|---|---|---|---|---|---|---|
${tables.map(projectionOf).join('\n')}

All assumptions favour workers. Each core is equally fast, and no other process uses it. Memory and caches are no bottleneck.
Network and server keep up. And m and w are the same for any number of workers; in fact a request costs more with more workers,
because threads exchange messages in batches, which get smaller. Take the result as an upper bound, and measure on your machine.

- **1 / m is the maximum**, however many workers there are: input, limits, cookies, retries, JSON parsing and outcomes are the
  work of one thread. Once (c − 1) / w exceeds 1 / m, more workers do not help.
- **Large bodies**: workers handle sockets, TLS and decompression. A body of more than 16 kB is then passed to the main thread
  without a copy; several smaller ones are copied into one message. JSON is parsed on the main thread, so large JSON gains less.
  With \`returnType: 'content'\`, TLS or gzip, workers do more of the work, and the gain is larger.

## What is different with workers

- Starting a worker takes about as long as loading the package. It is started by the first request that needs it, and an
  idle worker does not keep the process alive.
- The time limits of an attempt begin when a worker takes the attempt. \`timeouts.total\` is measured from the start, as always.
- \`parallelRequestsSync\` already runs on a thread of its own. It starts no workers, whatever \`workers\` says.
- A request whose body is a function is sent from the main thread.
- A POST that is cancelled while its connection is being made counts as sent, and fails with \`in_doubt\` instead of being
  retried. Only the worker knows that it was not sent, and reports it too late.
- If a worker dies, its requests fail with \`internal/worker\`, or with \`in_doubt/worker\` if they must not be sent twice. The next
  request starts a new worker.
- Each worker keeps its own idle connections. At no time are more connections in use than \`concurrency\` allows.
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
  `main thread: ${(100 * share).toFixed(0)} % of its work without workers; bound: ${100 * MAX_MAIN_SHARE} %, ${isHeld ? 'held' : 'NOT held'}`,
)
if (process.argv.includes('--write')) writeFileSync(new URL('../docs/workers.md', import.meta.url), page(tables))
process.exitCode = isHeld ? 0 : 1
