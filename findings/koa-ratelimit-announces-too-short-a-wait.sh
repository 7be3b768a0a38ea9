#!/usr/bin/env bash
# koa-ratelimit 6.0.0: Retry-After is the time to the end of the window in whole seconds, and the fraction is cut off. A
# client that waits exactly as long as it was told is refused again, this time with "Retry-After: 0": with a window of
# 2 s, 1.9 s are left and "1" is announced. Rounding up would be right. X-RateLimit-Reset has the fraction: its value is
# a number of seconds since 1970 with up to six decimals, which code that reads whole seconds cuts down as well.
#
# Seen:
#   the first request: 200
#   the next one: 429, Retry-After: 1
#   after that wait: 429, Retry-After: 0
#   the reset has a fraction: true
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts koa@3.3.0 koa-ratelimit@6.0.0
cat > try.mjs <<'JS'
import Koa from 'koa'
import rateLimit from 'koa-ratelimit'

const app = new Koa()
app.use(rateLimit({ driver: 'memory', db: new Map(), duration: 2_000, max: 1, id: () => 'everybody' }))
app.use(context => {
  context.body = 'ok'
})
const server = app.listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const get = () => fetch(`http://127.0.0.1:${server.address().port}/`)
const wait = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1_000))

console.log('the first request:', (await get()).status)
const refused = await get()
const announced = refused.headers.get('retry-after')
console.log(`the next one: ${refused.status}, Retry-After: ${announced}`)
await wait(Number(announced))
const again = await get()
console.log(`after that wait: ${again.status}, Retry-After: ${again.headers.get('retry-after')}`)
console.log('the reset has a fraction:', refused.headers.get('x-ratelimit-reset').includes('.'))
server.close()
server.closeAllConnections()
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
the first request: 200
the next one: 429, Retry-After: 1
after that wait: 429, Retry-After: 0
the reset has a fraction: true
OUT
