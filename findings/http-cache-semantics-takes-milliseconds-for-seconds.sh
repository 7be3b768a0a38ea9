#!/usr/bin/env bash
# http-cache-semantics 4.3.0: its README says that `immutableMinTimeToLive` is a number of milliseconds. It is compared
# with seconds, so an answer with `Cache-Control: immutable` stays fresh a thousand times as long: one minute becomes
# nearly seventeen hours, and a day nearly three years. `max-age` in the same header is not affected.
#
# Seen:
#   immutable, with a minimum of 60,000 ms: fresh for 60000 s
#   max-age=60, immutable, with a minimum of 60,000 ms: fresh for 60 s
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts http-cache-semantics@4.3.0
cat > try.mjs <<'JS'
import CachePolicy from 'http-cache-semantics'

const request = { method: 'GET', url: '/logo.svg', headers: {} }
const policy = cacheControl =>
  new CachePolicy(request, { status: 200, headers: { 'cache-control': cacheControl } }, { immutableMinTimeToLive: 60_000 })

for (const cacheControl of ['immutable', 'max-age=60, immutable']) {
  const seconds = Math.round(policy(cacheControl).timeToLive() / 1_000)
  console.log(`${cacheControl}, with a minimum of 60,000 ms: fresh for ${seconds} s`)
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
immutable, with a minimum of 60,000 ms: fresh for 60000 s
max-age=60, immutable, with a minimum of 60,000 ms: fresh for 60 s
OUT
