#!/usr/bin/env bash
# compression 1.8.2 (for Express) also compresses the answer to a range request. The answer has status 206 and
# `Content-Encoding: gzip`, but its Content-Range counts the bytes of the plain file. By RFC 9110, section 14.1.2, a
# range counts the bytes of the encoded representation. A client that has lost its connection therefore asks for the
# bytes after the compressed ones that it has. It gets the rest of the plain file from that number on, compressed anew,
# and cannot decode the joined bytes. hono/compress 4.13.19 and @fastify/compress 9.2.0 send a piece without
# Content-Encoding, so the client sees that it does not fit. The README of compression mentions neither ranges nor
# status 206.
#
# Seen (a file of 72,780 bytes):
#   express  the first 10,000 bytes: 206 bytes 0-9999/72780, gzip, fewer than 10,000 bytes
#   express  the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, gzip: joined, not the file
#   hono     the first 10,000 bytes: 206 bytes 0-9999/72780, no encoding, 10,000 bytes
#   hono     the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, no encoding
#   fastify  the first 10,000 bytes: 206 bytes 0-9999/72780, no encoding, 10,000 bytes
#   fastify  the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, no encoding
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts compression@1.8.2 express@5.3.0 \
  hono@4.13.19 @hono/node-server@2.1.9 fastify@5.12.8 @fastify/compress@9.2.0 @fastify/static@10.1.11
mkdir files
cat > try.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { resolve as resolvePath } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fastifyCompress from '@fastify/compress'
import fastifyStatic from '@fastify/static'
import { getRequestListener } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import compression from 'compression'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { compress } from 'hono/compress'

const file = Buffer.from(Array.from({ length: 5000 }, (_, row) => `${row},item ${(row * 7919) % 5000}\n`).join(''))
writeFileSync('files/rows.csv', file)

const fastify = Fastify({ serverFactory: handler => createServer(handler) })
await fastify.register(fastifyCompress)
await fastify.register(fastifyStatic, { root: resolvePath('files') })
await fastify.ready()
const servers = {
  express: createServer(express().use(compression()).use(express.static('files'))),
  hono: createServer(
    getRequestListener(new Hono().use(compress()).use(serveStatic({ root: 'files' })).fetch),
  ),
  fastify: fastify.server,
}
for (const [name, server] of Object.entries(servers)) {
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const load = async headers => {
    const options = { host: '127.0.0.1', port: server.address().port, path: '/rows.csv' }
    const response = await new Promise((resolve, reject) => {
      get({ ...options, headers: { 'accept-encoding': 'gzip', ...headers } }, resolve).on('error', reject)
    })
    return { response, body: Buffer.concat(await response.toArray()) }
  }
  const describe = ({ statusCode, headers }) =>
    `${statusCode} ${headers['content-range']}, ${headers['content-encoding'] ?? 'no encoding'}`
  const decode = bytes => {
    try {
      return gunzipSync(bytes)
    } catch {
      return Buffer.alloc(0)
    }
  }
  const whole = await load({})
  if (!decode(whole.body).equals(file)) throw new Error(`${name} does not compress the whole file`)

  const first = await load({ range: 'bytes=0-9999' })
  const size = first.body.length < 10_000 ? 'fewer than 10,000' : '10,000'
  console.log(`${name.padEnd(8)} the first 10,000 bytes: ${describe(first.response)}, ${size} bytes`)

  // The connection was lost after 10,000 bytes of the compressed file.
  const rest = await load({ range: 'bytes=10000-' })
  const joined = decode(Buffer.concat([whole.body.subarray(0, 10_000), rest.body]))
  const verdict = joined.equals(file) ? ': joined, the file' : ': joined, not the file'
  console.log(
    `${name.padEnd(8)} the rest after 10,000 bytes of the compressed file: ${describe(rest.response)}` +
      (rest.response.headers['content-encoding'] ? verdict : ''),
  )
  server.close()
  server.closeAllConnections()
}
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
express  the first 10,000 bytes: 206 bytes 0-9999/72780, gzip, fewer than 10,000 bytes
express  the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, gzip: joined, not the file
hono     the first 10,000 bytes: 206 bytes 0-9999/72780, no encoding, 10,000 bytes
hono     the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, no encoding
fastify  the first 10,000 bytes: 206 bytes 0-9999/72780, no encoding, 10,000 bytes
fastify  the rest after 10,000 bytes of the compressed file: 206 bytes 10000-72779/72780, no encoding
OUT
