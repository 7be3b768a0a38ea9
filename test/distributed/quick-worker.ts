/**
 * A worker as a process of its own whose chunks are taken over sooner than after half a minute. Its only argument is JSON.
 * SIGUSR2 blocks its event loop.
 */
import { workWith } from '../../src/distributed/batch/api.ts'

export interface QuickWorker {
  readonly broker: string
  readonly batch: string
  /** Default 4. */
  readonly chunks?: number
  /** Default 20000. */
  readonly graceMs?: number
  readonly untilEmpty?: boolean
  /** Default 3000, and half of it between looks for lost chunks. */
  readonly lockMs?: number
  /** How long SIGUSR2 blocks the event loop. */
  readonly blockMs?: number
}

const given = JSON.parse(process.argv[2] ?? '{}') as QuickWorker
const { batch, chunks = 4, graceMs = 20_000, untilEmpty = false, lockMs = 3_000, blockMs = 0 } = given
const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())
process.on('SIGUSR2', () => {
  const cell = new Int32Array(new SharedArrayBuffer(4))
  process.stdout.write('blocked\n')
  Atomics.wait(cell, 0, 0, blockMs)
})
process.stdout.write('ready\n')
await workWith(
  { broker: given.broker, batches: [batch], chunks, graceMs, untilEmpty, signal: ending.signal },
  { lockMs, stalledMs: lockMs / 2 },
)
