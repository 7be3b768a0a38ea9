#!/usr/bin/env bash
# json-stream 1.0.0 reads newline-delimited JSON. It hands out a record when its last byte arrives, and again when its line
# end arrives in another chunk. If a server writes records and line ends separately, every record comes twice. If a chunk
# ends inside a number, the digits so far are handed out as a record that the server has never sent. ndjson 2.0.0 reads
# the same answers correctly. The README has an example in which chunks end inside of objects; that works.
#
# Seen:
#   lines in one write each: json-stream {"id":1} {"id":2}   ndjson {"id":1} {"id":2}
#   line ends in writes of their own: json-stream {"id":1} {"id":1} {"id":2} {"id":2}   ndjson {"id":1} {"id":2}
#   a number in two writes: json-stream 12 1234   ndjson 1234
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts json-stream@1.0.0 ndjson@2.0.0
cat > try.mjs <<'JS'
import { createServer, get } from 'node:http'
import jsonStream from 'json-stream'
import ndjson from 'ndjson'

const answers = {
  'lines in one write each': ['{"id":1}\n', '{"id":2}\n'],
  'line ends in writes of their own': ['{"id":1}', '\n', '{"id":2}', '\n'],
  'a number in two writes': ['12', '34\n'],
}
for (const [name, writes] of Object.entries(answers)) {
  const server = createServer((request, response) => {
    for (const text of writes) response.write(text)
    response.end()
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const seen = []
  for (const [parserName, parser] of [['json-stream', jsonStream()], ['ndjson', ndjson.parse()]]) {
    const response = await new Promise(resolve => get(`http://127.0.0.1:${server.address().port}/`, resolve))
    const records = []
    for await (const record of response.pipe(parser)) records.push(JSON.stringify(record))
    seen.push(`${parserName} ${records.join(' ')}`)
  }
  console.log(`${name}: ${seen.join('   ')}`)
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
lines in one write each: json-stream {"id":1} {"id":2}   ndjson {"id":1} {"id":2}
line ends in writes of their own: json-stream {"id":1} {"id":1} {"id":2} {"id":2}   ndjson {"id":1} {"id":2}
a number in two writes: json-stream 12 1234   ndjson 1234
OUT
