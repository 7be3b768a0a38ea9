#!/usr/bin/env bash
# xior 0.8.5, an axios-like client for fetch: its plugins dedupe, throttle and cache know a GET by its URL and parameters and
# not by its headers. Of two requests that ask for one address as CSV and as JSON, one is sent, and both get its answer:
#   no plugin: "as text/csv" "as application/json"   dedupe: "as text/csv" "as text/csv"
#   throttle: "as text/csv" "as text/csv"   cache: "as text/csv" "as text/csv"
# The server says `Vary: Accept`, which none of them reads. An API that is told its version or its page by a header is read
# wrongly in the same way, with status 200.
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --no-audit --no-fund --loglevel=error --ignore-scripts xior@0.8.5 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > main.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import xior from 'xior'
import cache from 'xior/plugins/cache'
import dedupe from 'xior/plugins/dedupe'
import throttle from 'xior/plugins/throttle'

const server = createServer(({ headers }, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', vary: 'accept' }).end(`as ${headers.accept}`)
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}/table`
for (const [name, plugin] of Object.entries({ 'no plugin': undefined, dedupe, throttle, cache })) {
  const client = xior.create()
  if (plugin !== undefined) client.plugins.use(plugin())
  const asked = ['text/csv', 'application/json'].map(accept => client.get(url, { headers: { accept } }))
  console.log(`${name}: ${(await Promise.all(asked)).map(({ data }) => JSON.stringify(data)).join(' ')}`)
}
server.close()
JS
node main.mjs | tee out.txt
diff out.txt - <<'OUT'
no plugin: "as text/csv" "as application/json"
dedupe: "as text/csv" "as text/csv"
throttle: "as text/csv" "as text/csv"
cache: "as text/csv" "as text/csv"
OUT
