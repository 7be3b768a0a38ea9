#!/usr/bin/env bash
# har-to-k6 0.14.16: a HAR has a query twice, in `request.url` and in `request.queryString`. Where a name occurs twice in
# it (`?id=1&id=2`, a common form of a list), the script that is made sends the last one once more. Without
# `queryString`, or with each name once, the URL is sent as it was recorded.
#
# Seen:
#   recorded ?id=1&name=2, sent ?id=1&name=2
#   recorded ?id=1&id=2, sent ?id=1&id=2&id=2
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts har-to-k6@0.14.16
cat > try.mjs <<'JS'
import { createRequire } from 'node:module'

const { liHARToK6Script } = createRequire(import.meta.url)('har-to-k6')
const log = (url, queryString) => ({
  version: '1.2',
  creator: { name: 'by hand', version: '1' },
  entries: [
    {
      startedDateTime: '2026-01-01T00:00:00Z',
      time: 1,
      request: {
        ...{ method: 'GET', url, httpVersion: 'HTTP/1.1', headers: [], cookies: [], headersSize: -1, bodySize: 0 },
        queryString,
      },
      response: {
        ...{ status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1', headers: [], cookies: [], redirectURL: '' },
        ...{ content: { size: 0, mimeType: '' }, headersSize: -1, bodySize: 0 },
      },
      cache: {},
      timings: { send: 0, wait: 1, receive: 0 },
    },
  ],
})
for (const search of ['?id=1&name=2', '?id=1&id=2']) {
  const queryString = [...new URLSearchParams(search)].map(([name, value]) => ({ name, value }))
  const { main } = await liHARToK6Script({ log: log(`https://api.example.com/items${search}`, queryString) })
  console.log(`recorded ${search}, sent ${/items(\?[^']*)/.exec(main)[1]}`)
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
recorded ?id=1&name=2, sent ?id=1&name=2
recorded ?id=1&id=2, sent ?id=1&id=2&id=2
OUT
