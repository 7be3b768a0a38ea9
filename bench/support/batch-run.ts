/**
 * One process of bench/batch.ts. Arguments: the mode, and JSON with the rest. It says that it has loaded its modules, waits for a
 * message, works, and sends what it measured.
 */
import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { submit, work } from '../../src/distributed/index.ts'
import { ParallelRequests } from '../../src/index.ts'

export interface BatchRunArgs {
  /** A list of URLs. */
  readonly list: string
  /** The run file, or the folder of the results. */
  readonly output: string
  readonly broker: string
  readonly batch: string
  readonly concurrency: number
  readonly chunkRows?: number | undefined
  readonly chunks: number
}

export interface BatchRun {
  readonly tookMs: number
  readonly cpuMs: number
  readonly rssMb: number
}

const [mode, text = '{}'] = process.argv.slice(2)
const { list, output, broker, batch, concurrency, chunkRows, chunks } = JSON.parse(text) as BatchRunArgs

const MODES: Readonly<Record<string, () => Promise<unknown>>> = {
  /** The same list, on this machine, with a run file. */
  local: async () => {
    await using client = new ParallelRequests({ concurrency })
    const lines = createInterface({ input: createReadStream(list), crlfDelay: Infinity })
    for await (const _ of client.stream(lines, { resume: output }));
  },
  worker: () => work({ broker, batches: [batch], untilEmpty: true, chunks }),
  submit: () =>
    submit({ file: list, format: 'lines' }, { broker, batch, results: output, chunkRows, options: { concurrency } }),
}

// Loaded when a broker is opened.
await Promise.all([import('bullmq'), import('ioredis')])
process.send?.('ready')
await once(process, 'message')
const startedAtMs = performance.now()
const before = process.cpuUsage()
await MODES[mode as string]?.()
const { user, system } = process.cpuUsage(before)
process.send?.({
  tookMs: performance.now() - startedAtMs,
  cpuMs: (user + system) / 1_000,
  rssMb: process.resourceUsage().maxRSS / 1_024,
} satisfies BatchRun)
process.disconnect?.()
