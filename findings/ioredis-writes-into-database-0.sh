#!/usr/bin/env bash
# ioredis 6.0.0 connects to a database that does not exist (`redis://host/99` with the usual 16 databases): connect()
# resolves, and the commands that follow work in database 0, on the keys of another application. Redis has refused SELECT
# ("ERR DB index is out of range"), but this is told by an `error` event alone. Its README does not mention this.
#
# Seen:
#   connected: ready
#   event: ERR DB index is out of range
#   written to database 99, found in database 0: value
#
# Needs redis-server. Exits 0 while this is so.
set -euo pipefail
command -v redis-server > /dev/null || { echo 'redis-server is not installed'; exit 2; }
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts ioredis@6.0.0
port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$folder" > /dev/null &
server=$!
cat > try.mjs <<'JS'
import { Redis } from 'ioredis'

const url = `redis://127.0.0.1:${process.argv[2]}`
const events = []
const wrong = new Redis(`${url}/99`, { lazyConnect: true })
wrong.on('error', ({ message }) => events.push(message))
await wrong.connect()
console.log(`connected: ${wrong.status}`)
await wrong.set('key', 'value')
console.log(`event: ${events.join(', ')}`)
const right = new Redis(url)
const found = await right.get('key')
console.log(`written to database 99, found in database 0: ${found}`)
wrong.disconnect()
right.disconnect()
process.exitCode = found === 'value' ? 0 : 1
JS
for _ in $(seq 50); do (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break; sleep 0.1; done
node try.mjs "$port"
