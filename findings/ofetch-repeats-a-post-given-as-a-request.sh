#!/usr/bin/env bash
# ofetch 1.5.1 repeats a failed request once, and its README promises not to do so for POST, PUT, PATCH and DELETE. It
# looks for the method in the options only. For `ofetch(new Request(url, { method: 'POST' }))` it finds none and takes
# it for a GET: the server gets the POST twice. With a body, the second attempt cannot be made, as the first one has
# used it up; the caller then sees the error of that attempt instead of the status 503.
#
# Seen:
#   url, { method }: POST, FetchError with status 503
#   a Request without a body: POST POST, FetchError with status 503
#   a Request with a body: POST, FetchError with status undefined
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ofetch@1.5.1
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { ofetch } from 'ofetch'

let methods = []
const server = createServer((request, response) => {
  methods.push(request.method)
  request.resume().on('end', () => response.writeHead(503).end())
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/orders`
const method = 'POST'
const calls = {
  'url, { method }': () => ofetch(url, { method }),
  'a Request without a body': () => ofetch(new Request(url, { method })),
  'a Request with a body': () => ofetch(new Request(url, { method, body: 'one' })),
}
for (const [name, call] of Object.entries(calls)) {
  methods = []
  const error = await call().catch(error => error)
  console.log(`${name}: ${methods.join(' ')}, ${error.name} with status ${error.status}`)
}
server.close()
server.closeAllConnections()
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
url, { method }: POST, FetchError with status 503
a Request without a body: POST POST, FetchError with status 503
a Request with a body: POST, FetchError with status undefined
OUT
