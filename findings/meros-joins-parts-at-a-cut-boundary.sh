#!/usr/bin/env bash
# meros 1.3.2 reads multipart/mixed, in which GraphQL servers send the parts of a query with @defer. If a chunk from the
# network ends inside a boundary, and the next chunk contains a later boundary too, meros misses the first of the two. At
# the start of the body it loses the first part, and reports nothing. Between two parts it yields both as one part, with
# `json: false` and the text of both as its body. The README says that only a preamble is left out and that parts with
# JSON are parsed. It says nothing about where a chunk may end.
#
# Seen:
#   in one chunk: 1 2 3
#   cut after "-": 2 3
#   cut after "\r\n--", in front of the second part: (text with 1 2) 3
#   cut after "\r\n--", in front of the third part: 1 (text with 2 3)
#   cut after "\r\n--", at the end: 1 2 3
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts meros@1.3.2
cat > try.mjs <<'JS'
import { createServer, get } from 'node:http'
import { meros } from 'meros/node'

const part = number => `---\r\ncontent-type: application/json\r\n\r\n{"part":${number}}\r\n`
const body = `${part(1)}${part(2)}${part(3)}-----\r\n`

async function read(firstPiece, secondPiece) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'multipart/mixed; boundary="-"')
    response.write(firstPiece)
    setTimeout(() => response.end(secondPiece), 200)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const response = await new Promise(resolve => get(`http://127.0.0.1:${server.address().port}/`, resolve))
  const seen = []
  for await (const { json, body } of await meros(response)) {
    seen.push(json ? body.part : `(text with ${Array.from(`${body}`.matchAll(/"part":(\d)/g), match => match[1]).join(' ')})`)
  }
  server.close()
  server.closeAllConnections()
  return seen.join(' ')
}
const cutAt = position => read(body.slice(0, position), body.slice(position))
// "\r\n--" are the last two characters of a part and the first two of the boundary.
const cutBefore = number => cutAt(part(1).length * (number - 1) + 2)

console.log('in one chunk:', await cutAt(body.length))
console.log('cut after "-":', await cutAt(1))
console.log(String.raw`cut after "\r\n--", in front of the second part:`, await cutBefore(2))
console.log(String.raw`cut after "\r\n--", in front of the third part:`, await cutBefore(3))
console.log(String.raw`cut after "\r\n--", at the end:`, await cutBefore(4))
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
in one chunk: 1 2 3
cut after "-": 2 3
cut after "\r\n--", in front of the second part: (text with 1 2) 3
cut after "\r\n--", in front of the third part: 1 (text with 2 3)
cut after "\r\n--", at the end: 1 2 3
OUT
