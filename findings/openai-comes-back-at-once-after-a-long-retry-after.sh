#!/usr/bin/env bash
# openai 7.59.0: a Retry-After of up to a minute is waited for. A longer one is dropped as a whole, and the request is
# repeated after the client's own back-off of about half a second: the longer a server asks to be left alone, the sooner
# this client is back. To keep this short, 2 s stand here for a wait that is obeyed.
#
# Seen:
#   Retry-After: 2: the second try came after 1.5 s or more
#   Retry-After: 61: the second try came within 1.5 s
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts openai@7.59.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import OpenAI from 'openai'

for (const retryAfter of ['2', '61']) {
  const at = []
  const server = createServer((request, response) => {
    at.push(Date.now())
    response.setHeader('content-type', 'application/json')
    if (at.length > 1) return response.end('{"object":"list","data":[]}')
    response.writeHead(429, { 'retry-after': retryAfter }).end('{"error":{"message":"slow down"}}')
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const baseURL = `http://127.0.0.1:${server.address().port}`
  await new OpenAI({ apiKey: 'none', baseURL, maxRetries: 1 }).models.list()
  const waitedMs = at[1] - at[0]
  console.log(`Retry-After: ${retryAfter}: the second try came ${waitedMs < 1_500 ? 'within 1.5 s' : 'after 1.5 s or more'}`)
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
Retry-After: 2: the second try came after 1.5 s or more
Retry-After: 61: the second try came within 1.5 s
OUT
