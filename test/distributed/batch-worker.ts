/** A worker as a process of its own: broker, batch, grace in milliseconds, whether it ends when the batch is done. */
import { work } from '../../src/distributed/index.ts'

const [broker = '', batch = '', graceMs = '20000', untilEmpty = ''] = process.argv.slice(2)
const ending = new AbortController()
process.once('SIGTERM', () => ending.abort())
process.stdout.write('ready\n')
await work({
  broker,
  batches: [batch],
  chunks: 4,
  graceMs: Number(graceMs),
  untilEmpty: untilEmpty !== '',
  signal: ending.signal,
})
