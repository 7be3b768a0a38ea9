/** `preq worker`: runs chunks until it is stopped. */
import { fileURLToPath } from 'node:url'
import type { BatchFlags } from './args.ts'
import { use } from './broker.ts'
import { showWorker } from './worker-display.ts'
import type { WorkerDisplay } from './worker-display.ts'
import { planBatch } from './worker-plan.ts'
import type { GivenFlags } from '../settings.ts'
import { UsageError } from '../usage-error.ts'
import { parseDuration } from '../../core/duration.ts'
import { keepIntegers } from '../../core/exact-json.ts'
import { printable } from '../../core/printable.ts'
import { quarantineFile } from '../../distributed/batch/quarantine.ts'
import { BatchWorker } from '../../distributed/batch/work.ts'

const CHUNKS = 8
const GRACE_MS = 20_000
const OWN_FILE = fileURLToPath(import.meta.url)

/** Returns the exit code. */
export async function worker(given: GivenFlags, own: BatchFlags): Promise<number> {
  keepIntegers()
  const other = given.find(([name]) => !['concurrency', 'local-share', 'quiet', 'no-progress'].includes(name))
  if (other !== undefined) {
    throw new UsageError(`worker: --${other[0]} is a flag of preq submit. See preq worker --help.`)
  }
  const chunks = own.chunks === undefined ? CHUNKS : Number(own.chunks)
  if (!Number.isInteger(chunks) || chunks < 1) {
    throw new UsageError(`--chunks: expected an integer ≥ 1, got '${own.chunks}'.`)
  }
  const graceMs = own.grace === undefined ? GRACE_MS : parseDuration(own.grace)
  if (graceMs === undefined) throw new UsageError(`--grace: expected a duration such as 20s, got '${own.grace}'.`)
  const batches = own.batch?.split(',').map(name => name.trim())
  if (own.results !== undefined && batches?.length !== 1) {
    throw new UsageError('--results: expected one --batch beside it, got none or several. Name the batch.')
  }
  const isShown = !given.some(([name, value]) => name !== 'concurrency' && value === true)
  const ofWorker = given.filter(([name]) => name === 'concurrency')
  const file = quarantineFile('preq-quarantine-process', OWN_FILE)
  return use(own, async broker => {
    let display: WorkerDisplay | undefined
    const say = (text: string): void =>
      display === undefined
        ? void process.stderr.write(`preq: ${printable(text)}\n`)
        : display.say(`preq: ${printable(text)}`)
    const running = new BatchWorker({
      broker,
      batches,
      results: own.results,
      chunks,
      graceMs,
      untilEmpty: own.untilEmpty === true,
      localShare: given.findLast(([name]) => name === 'local-share')?.[1] === true,
      planOf: manifest => planBatch(manifest, process.env, ofWorker),
      ...(file !== undefined && { quarantine: { file, more: ofWorker } }),
      say,
    })
    let count = 0
    const stop = (): void => {
      count++
      void running.stop()
      if (count === 1) say('requests in flight finish; the rest is handed back.')
      else running.abort()
    }
    for (const signal of SIGNALS) process.on(signal, stop)
    display = await showWorker(running, process.stderr, isShown)
    try {
      await running.run()
      return running.hasStuck ? 1 : 0
    } finally {
      display.done()
      for (const signal of SIGNALS) process.off(signal, stop)
    }
  })
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
