#!/usr/bin/env bash
# BullMQ 6.7.0, with ioredis 6.0.0: `queue.add()` with the id of a job that exists adds nothing, and resolves with a job
# whose `data` is that of this call. Redis keeps the data of the first call, and a worker gets that. Nothing in the job
# that comes back tells the two apart: it has the id and a timestamp, and `isWaiting()` is true for both. `addBulk()` does
# the same. Whoever logs or returns `job.data` reports work that nobody will do.
#
# Seen:
#   add:     first {"amount":1}, second {"amount":2}, same id
#   addBulk: {"amount":3}
#   stored:  {"amount":1}
#   waiting: 1 job
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
import { Queue } from 'bullmq'

const show = JSON.stringify
const queue = new Queue('orders', { connection: { host: '127.0.0.1', port: Number(process.argv[2]) } })
const first = await queue.add('charge', { amount: 1 }, { jobId: 'order-7' })
const second = await queue.add('charge', { amount: 2 }, { jobId: 'order-7' })
const [third] = await queue.addBulk([{ name: 'charge', data: { amount: 3 }, opts: { jobId: 'order-7' } }])
const stored = await queue.getJob('order-7')
const waiting = await queue.getWaitingCount()
console.log(`add:     first ${show(first.data)}, second ${show(second.data)}, ${first.id === second.id ? 'same' : 'another'} id`)
console.log(`addBulk: ${show(third.data)}`)
console.log(`stored:  ${show(stored.data)}`)
console.log(`waiting: ${waiting} job`)
const isSo = second.data.amount === 2 && third.data.amount === 3 && stored.data.amount === 1 && waiting === 1
await queue.close()
process.exitCode = isSo ? 0 : 1
JS
for _ in $(seq 50); do (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break; sleep 0.1; done
node try.mjs "$port"
