#!/usr/bin/env bash
# @remix-run/multipart-parser 0.16.3 (formerly @mjackson/multipart-parser) fails with "Unexpected data after end of
# stream" if a chunk from the network ends right after the last boundary, or inside the line end that follows it.
# Clients usually send this line end, and RFC 2046, section 5.1.1, tells parsers to ignore what follows the last
# boundary. The parser does so within one chunk only: whether it accepts an upload depends on where the network cuts it.
# Its README does not mention this. busboy 1.6.0 accepts all four cases.
#
# Seen:
#   multipart-parser, in one chunk: a=1 b=2
#   multipart-parser, cut inside the last boundary: a=1 b=2
#   multipart-parser, cut behind the last boundary: a=1 b=2, then MultipartParseError
#   multipart-parser, cut inside the last line end: a=1 b=2, then MultipartParseError
#   busboy, in one chunk: a=1 b=2
#   busboy, cut inside the last boundary: a=1 b=2
#   busboy, cut behind the last boundary: a=1 b=2
#   busboy, cut inside the last line end: a=1 b=2
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts @remix-run/multipart-parser@0.16.3 busboy@1.6.0
cat > try.mjs <<'JS'
import { createServer, request as clientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseMultipartRequest } from '@remix-run/multipart-parser/node'
import busboy from 'busboy'

const field = (name, value) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const body = `${field('a', 1)}${field('b', 2)}--x--\r\n`

// Each parser takes a request and a function that it calls for each field.
const parsers = {
  async 'multipart-parser'(request, onField) {
    for await (const part of parseMultipartRequest(request)) onField(part.name, part.text)
  },
  busboy: (request, onField) =>
    new Promise((resolve, reject) => {
      request.pipe(busboy({ headers: request.headers }).on('field', onField).on('close', resolve).on('error', reject))
    }),
}
const cuts = {
  'in one chunk': body.length,
  'cut inside the last boundary': body.length - 4,
  'cut behind the last boundary': body.length - 2,
  'cut inside the last line end': body.length - 1,
}
for (const [parserName, parse] of Object.entries(parsers)) {
  const server = createServer(async (request, response) => {
    const seen = []
    const failure = await parse(request, (name, value) => seen.push(`${name}=${value}`)).then(
      () => '',
      error => `, then ${error.name}`,
    )
    response.end(seen.join(' ') + failure)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  for (const [cutName, position] of Object.entries(cuts)) {
    const headers = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': body.length }
    const request = clientRequest({ host: '127.0.0.1', port: server.address().port, method: 'POST', headers })
    const answered = new Promise((resolve, reject) => request.on('response', resolve).on('error', reject))
    request.write(body.slice(0, position))
    await sleep(200)
    request.end(body.slice(position))
    console.log(`${parserName}, ${cutName}: ${Buffer.concat(await (await answered).toArray())}`)
  }
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
multipart-parser, in one chunk: a=1 b=2
multipart-parser, cut inside the last boundary: a=1 b=2
multipart-parser, cut behind the last boundary: a=1 b=2, then MultipartParseError
multipart-parser, cut inside the last line end: a=1 b=2, then MultipartParseError
busboy, in one chunk: a=1 b=2
busboy, cut inside the last boundary: a=1 b=2
busboy, cut behind the last boundary: a=1 b=2
busboy, cut inside the last line end: a=1 b=2
OUT
