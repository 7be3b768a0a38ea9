#!/usr/bin/env bash
# ratelimit-header-parser 0.1.0, the reader of quota headers by the makers of express-rate-limit, and express-rate-limit
# 8.7.5: what the server announces with `standardHeaders: 'draft-8'` (RateLimit: "name"; r=…; t=…) is recognised as a quota,
# and every field of it is NaN. Older drafts of the same server are read:
#   draft-6: limit 5, remaining 4, reset a date
#   draft-7: limit 5, remaining 4, reset a date
#   draft-8: limit NaN, remaining NaN, reset NaN
# NaN answers no to every comparison. A client that waits `if (remaining <= 0)` never waits, also when the server has just
# announced r=0, and one that goes on `while (remaining > 0)` never goes on.
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --no-audit --no-fund --loglevel=error --ignore-scripts ratelimit-header-parser@0.1.0 express@5.3.0 express-rate-limit@8.7.5 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > main.mjs <<'JS'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
import { parseRateLimit } from 'ratelimit-header-parser'

for (const standardHeaders of ['draft-6', 'draft-7', 'draft-8']) {
  const app = express()
  app.use(rateLimit({ windowMs: 60_000, limit: 5, standardHeaders, legacyHeaders: false }))
  app.get('/', (_request, response) => response.send('ok'))
  const server = app.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`)
  await response.text()
  const quota = parseRateLimit(response)
  const reset = Number.isNaN(quota.reset.getTime()) ? 'NaN' : 'a date'
  console.log(`${standardHeaders}: limit ${quota.limit}, remaining ${quota.remaining}, reset ${reset}`)
  server.close()
  server.closeAllConnections()
}
JS
node main.mjs | tee out.txt
diff out.txt - <<'OUT'
draft-6: limit 5, remaining 4, reset a date
draft-7: limit 5, remaining 4, reset a date
draft-8: limit NaN, remaining NaN, reset NaN
OUT
