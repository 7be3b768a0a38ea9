#!/usr/bin/env bash
# bottleneck 2.19.5 and async 3.2.6 (`queue`) start a job in the async context in which the queue happens to work, not
# in the one of the caller. Three callers A, B and C have their name in an AsyncLocalStorage, as loggers and
# OpenTelemetry have the id of a request. All three jobs see A, even if all of them could run at once: log lines,
# spans and outgoing headers of B and C carry the id of A. fastq 1.20.3 does it to jobs that have to wait. p-limit
# 7.3.3 keeps the context. The READMEs of the first three say nothing about it.
#
# Seen:
#   bottleneck, 1 at a time: A as A, B as A, C as A
#   bottleneck, 3 at a time: A as A, B as A, C as A
#   fastq, 1 at a time: A as A, B as A, C as A
#   fastq, 3 at a time: A as A, B as B, C as C
#   async.queue, 1 at a time: A as A, B as A, C as A
#   async.queue, 3 at a time: A as A, B as A, C as A
#   p-limit, 1 at a time: A as A, B as B, C as C
#   p-limit, 3 at a time: A as A, B as B, C as C
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts bottleneck@2.19.5 fastq@1.20.3 async@3.2.6 p-limit@7.3.3
cat > try.mjs <<'JS'
import { AsyncLocalStorage } from 'node:async_hooks'
import { queue as asyncQueue } from 'async'
import Bottleneck from 'bottleneck'
import fastq from 'fastq'
import pLimit from 'p-limit'

const context = new AsyncLocalStorage()
async function job(caller) {
  const seen = context.getStore()
  await new Promise(resolve => setTimeout(resolve, 50))
  return `${caller} as ${seen}`
}
// For each library, and a number of jobs at a time: a function that runs the job of a caller.
const libraries = {
  bottleneck(maxConcurrent) {
    const limiter = new Bottleneck({ maxConcurrent })
    return caller => limiter.schedule(() => job(caller))
  },
  fastq(concurrency) {
    const queue = fastq.promise(job, concurrency)
    return caller => queue.push(caller)
  },
  'async.queue'(concurrency) {
    const queue = asyncQueue(job, concurrency)
    return caller => queue.push(caller)
  },
  'p-limit'(concurrency) {
    const limit = pLimit(concurrency)
    return caller => limit(() => job(caller))
  },
}
for (const [name, library] of Object.entries(libraries)) {
  for (const concurrency of [1, 3]) {
    const run = library(concurrency)
    const seen = await Promise.all(['A', 'B', 'C'].map(caller => context.run(caller, () => run(caller))))
    console.log(`${name}, ${concurrency} at a time: ${seen.join(', ')}`)
  }
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
bottleneck, 1 at a time: A as A, B as A, C as A
bottleneck, 3 at a time: A as A, B as A, C as A
fastq, 1 at a time: A as A, B as A, C as A
fastq, 3 at a time: A as A, B as B, C as C
async.queue, 1 at a time: A as A, B as A, C as A
async.queue, 3 at a time: A as A, B as A, C as A
p-limit, 1 at a time: A as A, B as B, C as C
p-limit, 3 at a time: A as A, B as B, C as C
OUT
