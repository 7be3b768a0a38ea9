#!/usr/bin/env bash
# hono 4.13.19 with @hono/node-server 2.1.9: serveStatic answers ranges and does not look at If-Range (RFC 9110, section
# 13.1.5), so a download that is continued gets the rest of whatever file is there now:
#   the first half of old, and with If-Range the second: 206 -> "old1 old2 new3 new4 "
# With the etag() middleware around it, the tag of a range is made from the bytes of that piece. The whole file and its two
# halves have three tags, so no client can tell that its pieces belong to one file either:
#   tags: 3
# @fastify/static 10.1.11 has one tag for all of them and answers 200 with the whole new file.
#   the first half of old, and with If-Range the second: 200 -> "new1 new2 new3 new4 "
#   tags: 1
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --no-audit --no-fund --loglevel=error --ignore-scripts hono@4.13.19 @hono/node-server@2.1.9 fastify@5.12.8 @fastify/static@10.1.11 > npm.log 2>&1 || { cat npm.log; exit 2; }
cat > main.mjs <<'JS'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import fastifyStatic from '@fastify/static'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { etag } from 'hono/etag'

mkdirSync('files')
function write(word, second) {
  writeFileSync('files/a.txt', [1, 2, 3, 4].map(part => `${word}${part} `).join(''))
  utimesSync('files/a.txt', second, second)
}
const HALVES = ['bytes=0-9', 'bytes=10-19']

async function show(name, url) {
  write('old', 1_700_000_000)
  const get = async headers => {
    const response = await fetch(url, { headers })
    const [tag, date] = ['etag', 'last-modified'].map(header => response.headers.get(header))
    // A weak tag may not be in If-Range.
    return { status: response.status, tag, mark: tag.startsWith('W/') ? date : tag, text: await response.text() }
  }
  const whole = await get({})
  const halves = []
  for (const range of HALVES) halves.push(await get({ range }))
  write('new', 1_700_000_001)
  const rest = await get({ range: HALVES[1], 'if-range': whole.mark })
  const file = rest.status === 206 ? halves[0].text + rest.text : rest.text
  console.log(`${name}: ${rest.status} -> "${file}", tags: ${new Set([whole, ...halves].map(({ tag }) => tag)).size}`)
}

const app = new Hono().use(etag()).use('/*', serveStatic({ root: './files' }))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
await once(server, 'listening')
await show('hono', `http://127.0.0.1:${server.address().port}/a.txt`)
server.close()

const fastify = Fastify()
await fastify.register(fastifyStatic, { root: `${process.cwd()}/files` })
await show('fastify', `${await fastify.listen({ port: 0, host: '127.0.0.1' })}/a.txt`)
await fastify.close()
JS
node main.mjs | tee out.txt
diff out.txt - <<'OUT'
hono: 206 -> "old1 old2 new3 new4 ", tags: 3
fastify: 200 -> "new1 new2 new3 new4 ", tags: 1
OUT
