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
import { equip } from '../../distributed/batch/equip.ts'
import type { Equipped } from '../../distributed/batch/equip.ts'
import { SilentRedis } from '../../distributed/batch/pulse.ts'
import type { WorkParts } from '../../distributed/batch/work.ts'
import { readProbes } from '../../distributed/batch/worker-probes.ts'
import { quarantineFile } from '../../distributed/batch/quarantine.ts'

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
  const isShown = !given.some(([name, value]) => (name === 'quiet' || name === 'no-progress') && value === true)
  const addresses = readProbes(own, '--')
  const ofWorker = given.filter(([name]) => name === 'concurrency')
  const file = quarantineFile('preq-quarantine-process', OWN_FILE)
  return use(own, async broker => {
    let display: WorkerDisplay | undefined
    const say = (text: string): void =>
      display === undefined
        ? void process.stderr.write(`preq: ${printable(text)}\n`)
        : display.say(`preq: ${printable(text)}`)
    const parts: WorkParts = {
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
    }
    const equipped = await equip(parts, addresses, '--')
    for (const place of equipped.probes.places) say(`listening on ${place}`)
    display = await showWorker(equipped.worker, process.stderr, isShown)
    return serve(equipped, display, say)
  })
}

/** Runs until it is told to stop; a second signal aborts the requests in flight. */
async function serve(
  { worker: running, probes }: Equipped,
  display: WorkerDisplay,
  say: (text: string) => void,
): Promise<number> {
  let count = 0
  const stop = (): void => {
    count++
    void running.stop()
    if (count === 1) say('requests in flight finish; the rest is handed back.')
    else running.abort()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    await running.run()
    return running.hasStuck ? 1 : 0
  } catch (error) {
    if (!(error instanceof SilentRedis)) throw error
    say(error.message)
    return 1
  } finally {
    // What still waits for Redis would keep the process alive.
    if (running.redisAgeMs > AWAY_MS) setTimeout(() => process.exit(), EXIT_MS).unref()
    display.done()
    await probes.close()
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

/** Without an answer for so long, Redis is not waited for at the end. */
const AWAY_MS = 3_000
/** For what is open to be closed, and messages to be written. */
const EXIT_MS = 2_000

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
