#!/usr/bin/env bash
# fetch-event-stream 0.1.6, a reader of server-sent events for fetch. The format has one space after the colon that does not
# count (WHATWG HTML, section 9.2.6); this package removes all of them, and the empty lines at the start of an event. Text
# that is streamed word by word, as language models send it, is put together without its spaces, and indented text loses its
# indentation. eventsource-parser 4.1.3 reads the same bytes as they were sent:
#   fetch-event-stream: words "Helloworld", lines "if x:\nreturn 1", empty line in front "a"
#   eventsource-parser: words "Hello world", lines "if x:\n  return 1", empty line in front "\na"
# Events with JSON in them show nothing of it, so it comes to light with the first plain text.
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --no-audit --no-fund --loglevel=error --ignore-scripts fetch-event-stream@0.1.6 eventsource-parser@4.1.3 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > main.mjs <<'JS'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { createParser } from 'eventsource-parser'
import { events } from 'fetch-event-stream'

const BODIES = {
  '/words': 'data: Hello\n\ndata:  world\n\n',
  '/lines': 'data: if x:\ndata:   return 1\n\n',
  '/empty': 'data:\ndata: a\n\n',
}
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(BODIES[request.url])
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const get = path => fetch(`http://127.0.0.1:${server.address().port}${path}`)

const READERS = {
  'fetch-event-stream': async response => {
    const found = []
    for await (const { data } of events(response)) found.push(data)
    return found
  },
  'eventsource-parser': async response => {
    const found = []
    createParser({ onEvent: ({ data }) => found.push(data) }).feed(await response.text())
    return found
  },
}
for (const [name, read] of Object.entries(READERS)) {
  const shown = async path => JSON.stringify((await read(await get(path))).join(''))
  console.log(`${name}: words ${await shown('/words')}, lines ${await shown('/lines')}, empty line in front ${await shown('/empty')}`)
}
server.close()
JS
node main.mjs | tee out.txt
diff out.txt - <<'OUT'
fetch-event-stream: words "Helloworld", lines "if x:\nreturn 1", empty line in front "a"
eventsource-parser: words "Hello world", lines "if x:\n  return 1", empty line in front "\na"
OUT
