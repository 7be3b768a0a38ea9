#!/usr/bin/env bash
# express-rate-limit 8.7.5, two limiters on one route (2 per second, 100 per minute; a common pair): with the headers of
# draft-6 and draft-7 the second limiter overwrites what the first one has written. Each answer that is let through
# therefore tells of the minute only, and a client that obeys these headers learns of the limit per second by its
# refusal. With draft-8 both are there.
#
# Seen:
#   draft-6: 200 100;w=60   200 100;w=60   429 2;w=1
#   draft-7: 200 100;w=60   200 100;w=60   429 2;w=1
#   draft-8: 200 "second"; q=2; w=1, "minute"; q=100; w=60   200 "second"; q=2; w=1, "minute"; q=100; w=60   429 "second"; q=2; w=1
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts express@5.3.0 express-rate-limit@8.7.5
cat > try.mjs <<'JS'
import express from 'express'
import { rateLimit } from 'express-rate-limit'

for (const standardHeaders of ['draft-6', 'draft-7', 'draft-8']) {
  const app = express()
  const limiter = (identifier, windowMs, limit) =>
    rateLimit({ identifier, windowMs, limit, standardHeaders, legacyHeaders: false })
  app.use(limiter('second', 1_000, 2), limiter('minute', 60_000, 100))
  app.get('/', (request, response) => response.send('ok'))
  const server = app.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const seen = []
  for (let number = 1; number <= 3; number++) {
    const { status, headers } = await fetch(`http://127.0.0.1:${server.address().port}/`)
    const told = `${headers.get('ratelimit-policy')}`.replaceAll(/; pk=:[^:]*:/g, '')
    seen.push(`${status} ${told}`)
  }
  console.log(`${standardHeaders}: ${seen.join('   ')}`)
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
draft-6: 200 100;w=60   200 100;w=60   429 2;w=1
draft-7: 200 100;w=60   200 100;w=60   429 2;w=1
draft-8: 200 "second"; q=2; w=1, "minute"; q=100; w=60   200 "second"; q=2; w=1, "minute"; q=100; w=60   429 "second"; q=2; w=1
OUT
