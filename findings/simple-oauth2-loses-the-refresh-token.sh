#!/usr/bin/env bash
# simple-oauth2 5.1.0: an authorization server need not send a new refresh token with each refresh; the client keeps the
# one that it has (RFC 6749 section 6). `refresh()` answers with a token that has only what the server has sent, so the
# refresh token is gone after the first refresh, and the second one sends an empty one. A strict server then answers
# invalid_grant, an hour after everything has worked once.
#
# Seen:
#   the server gets authorization_code null
#   the server gets refresh_token "r1"
#   the server gets refresh_token ""
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts simple-oauth2@5.1.0
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { AuthorizationCode } from 'simple-oauth2'

const server = createServer(async (request, response) => {
  let form = ''
  for await (const piece of request) form += piece
  const fields = new URLSearchParams(form)
  console.log('the server gets', fields.get('grant_type'), JSON.stringify(fields.get('refresh_token')))
  const first = fields.get('grant_type') === 'authorization_code' ? { refresh_token: 'r1' } : {}
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 3600, ...first }))
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const tokenHost = `http://127.0.0.1:${server.address().port}`
const client = new AuthorizationCode({ client: { id: 'id', secret: 'none' }, auth: { tokenHost } })
const first = await client.getToken({ code: 'c', redirect_uri: 'http://127.0.0.1/' })
const second = await first.refresh()
await second.refresh()
server.close()
server.closeAllConnections()
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
the server gets authorization_code null
the server gets refresh_token "r1"
the server gets refresh_token ""
OUT
