#!/usr/bin/env bash
# hono 4.13.19 with @hono/node-server 2.1.9: the source of a streamed answer fails after two rows. If the handler returns
# it with `c.body()`, the connection breaks, and the client knows that rows are missing. With the helpers `stream()` and
# `streamText()` the answer ends regularly: the client sees status 200 and a complete body. The error handler, which is
# the third argument of the helpers, cannot change this: the result is the same if it calls `abort()`. The manual says
# that the stream is closed after the callbacks. It does not say that the client cannot tell a failure from a success.
#
# Seen:
#   c.body(): 200, cut off
#   stream(): 200, complete: "1\n2\n"
#   streamText(): 200, complete: "1\n2\n"
#   stream(), the error handler aborts: 200, complete: "1\n2\n"
#
# Exits 0 while this is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts hono@4.13.19 @hono/node-server@2.1.9
cat > try.mjs <<'JS'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { stream, streamText } from 'hono/streaming'

const wait = () => new Promise(resolve => setTimeout(resolve, 100))
async function* rows() {
  yield '1\n'
  await wait()
  yield '2\n'
  await wait()
  throw new Error('the database is gone')
}
async function writeRows(out) {
  for await (const row of rows()) await out.write(row)
}
const ignore = () => {}
const answers = {
  'c.body()': context => context.body(ReadableStream.from(rows()).pipeThrough(new TextEncoderStream())),
  'stream()': context => stream(context, writeRows, ignore),
  'streamText()': context => streamText(context, writeRows, ignore),
  'stream(), the error handler aborts': context => stream(context, writeRows, async (error, out) => out.abort()),
}

// The error of c.body() is also logged.
console.error = ignore
for (const [name, answer] of Object.entries(answers)) {
  const app = new Hono().get('/', answer)
  const address = await new Promise(resolve => serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, resolve))
  const response = await fetch(`http://127.0.0.1:${address.port}/`)
  const seen = await response.text().then(text => `complete: ${JSON.stringify(text)}`, () => 'cut off')
  console.log(`${name}: ${response.status}, ${seen}`)
}
process.exit()
JS
node try.mjs | tee out.txt
diff out.txt - <<'OUT'
c.body(): 200, cut off
stream(): 200, complete: "1\n2\n"
streamText(): 200, complete: "1\n2\n"
stream(), the error handler aborts: 200, complete: "1\n2\n"
OUT
