#!/usr/bin/env bash
# sirv 3.0.2 serves files; Vite bundles it. `Range: bytes=-4` asks for the last four bytes. sirv sends the first five:
# it takes the missing first position for 0. `bytes=0-0` asks for one byte, often to learn the size of a file. sirv
# sends the whole file, because it takes a last position of 0 for a missing one. Both answers have status 206 and a
# Content-Range that describes what was sent, not what was asked for. Clients that read the end of a file first, such
# as readers of ZIP and Parquet, get its beginning. send 1.2.1, which Express uses, answers all four correctly. The
# README of sirv does not mention ranges.
#
# Seen:
#   sirv  bytes=2-3: 206 bytes 2-3/10 "23"
#   sirv  bytes=6-:  206 bytes 6-9/10 "6789"
#   sirv  bytes=-4:  206 bytes 0-4/10 "01234"
#   sirv  bytes=0-0: 206 bytes 0-9/10 "0123456789"
#   send  bytes=2-3: 206 bytes 2-3/10 "23"
#   send  bytes=6-:  206 bytes 6-9/10 "6789"
#   send  bytes=-4:  206 bytes 6-9/10 "6789"
#   send  bytes=0-0: 206 bytes 0-0/10 "0"
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts sirv@3.0.2 send@1.2.1
mkdir files
printf 0123456789 > files/file.txt
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import send from 'send'
import sirv from 'sirv'

const handlers = {
  sirv: sirv('files'),
  send: (request, response) => send(request, request.url, { root: 'files' }).pipe(response),
}
for (const [name, handler] of Object.entries(handlers)) {
  const server = createServer(handler)
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  for (const range of ['bytes=2-3', 'bytes=6-', 'bytes=-4', 'bytes=0-0']) {
    const response = await fetch(`http://127.0.0.1:${server.address().port}/file.txt`, { headers: { range } })
    const text = JSON.stringify(await response.text())
    console.log(`${name}  ${`${range}:`.padEnd(10)} ${response.status} ${response.headers.get('content-range')} ${text}`)
  }
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
sirv  bytes=2-3: 206 bytes 2-3/10 "23"
sirv  bytes=6-:  206 bytes 6-9/10 "6789"
sirv  bytes=-4:  206 bytes 0-4/10 "01234"
sirv  bytes=0-0: 206 bytes 0-9/10 "0123456789"
send  bytes=2-3: 206 bytes 2-3/10 "23"
send  bytes=6-:  206 bytes 6-9/10 "6789"
send  bytes=-4:  206 bytes 6-9/10 "6789"
send  bytes=0-0: 206 bytes 0-0/10 "0"
OUT
