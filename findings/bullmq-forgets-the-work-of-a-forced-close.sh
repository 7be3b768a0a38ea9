#!/usr/bin/env bash
# BullMQ 6.7.0, with ioredis 6.0.0: `worker.close(true)` resolves while a processor is still running. The `signal` that the
# processor has been given is not aborted, so it goes on and carries out the rest of its work; what it returns is thrown
# away without an event, and the job stays active until its lock expires, then another worker carries it out again.
# `worker.cancelAllJobs()` before the close does abort the signal.
#
# Seen:
#   closed while the processor ran: signal aborted: false
#   the processor has finished, and the job is active, its return value null
#   after the lock: carried out 2 times
#
# Needs redis-server. Exits 0 while this is so.
set -euo pipefail
command -v redis-server > /dev/null || { echo 'redis-server is not installed'; exit 2; }
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts bullmq@6.7.0 ioredis@6.0.0
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
redis-server --port "$port" --bind 127.0.0.1 --save '' --maxmemory-policy noeviction --dir "$folder" > /dev/null &
server=$!
cat > try.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'

const connection = { host: '127.0.0.1', port: Number(process.argv[2]) }
const options = { connection, lockDuration: 1_000, stalledInterval: 500, maxStalledCount: 10 }
const queue = new Queue('orders', { connection })
let carriedOut = 0
let given
let begin
let end
const begun = new Promise(resolve => (begin = resolve))
const ended = new Promise(resolve => (end = resolve))
const worker = new Worker(
  'orders',
  async (_job, _token, signal) => {
    given = signal
    begin()
    await sleep(500)
    carriedOut++
    end()
    return 'charged'
  },
  options,
)
worker.on('error', () => undefined)
await queue.add('charge', {}, { jobId: 'order-7' })
await begun
await worker.close(true)
const isAborted = given?.aborted
console.log(`closed while the processor ran: signal aborted: ${isAborted}`)
await ended
await sleep(100)
const job = await queue.getJob('order-7')
const state = await job.getState()
console.log(`the processor has finished, and the job is ${state}, its return value ${JSON.stringify(job.returnvalue ?? null)}`)
const other = new Worker('orders', async () => void carriedOut++, options)
await new Promise(done => other.once('completed', done))
console.log(`after the lock: carried out ${carriedOut} times`)
await other.close()
await queue.close()
process.exitCode = isAborted === false && state === 'active' && carriedOut === 2 ? 0 : 1
JS
for _ in $(seq 50); do (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break; sleep 0.1; done
timeout 60 node try.mjs "$port"
