/**
 * A process with few file descriptors or ports: sends many requests to one server, or to many hosts of it, and prints
 * the outcomes. Arguments: the origin (`own` for a server in this process), the number of requests, the concurrency,
 * the variants (`hosts`: one address per request; `clients`: three clients; `posts`: every second request is a POST;
 * `uploads`: two files in each request; `saves`: each body is saved to a file), and the number of files to hold open as
 * well. An https origin is requested with HTTP/2.
 */
import { mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ParallelRequests } from '../../src/index.ts'

const [, , given = '', count = '0', concurrency = '1', how = '', held = '0'] = process.argv
const OWN = import.meta.filename
const saveTo = how.includes('saves') ? mkdtempSync(join(tmpdir(), 'preq-short-')) : undefined
// With a network namespace of its own, the process can reach only its own server.
const server = createServer((_request, response) => void setTimeout(() => response.end('{}'), 5))
if (given === 'own') await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
const origin = given === 'own' ? `http://127.0.0.1:${(server.address() as AddressInfo).port}` : given
const { port, protocol } = new URL(origin)
const isSecure = protocol === 'https:'
const urls = Array.from({ length: Number(count) }, (_, i) => {
  const url = how.includes('hosts') ? `${protocol}//127.0.${(i >> 8) & 255}.${i & 255}:${port}/${i}` : `${origin}/${i}`
  if (how.includes('uploads')) return { url, multipart: { one: { path: OWN }, two: { path: OWN } } }
  return how.includes('posts') && i % 2 === 1 ? { url, method: 'POST' } : url
})
for (let i = 0; i < Number(held); i++) openSync('/dev/null', 'r')
let mostFds = 0
const gauge = setInterval(() => {
  try {
    mostFds = Math.max(mostFds, readdirSync('/proc/self/fd').length)
  } catch {
    // No descriptor is left to look with.
    mostFds = Infinity
  }
}, 5)

const clients = Array.from(
  { length: how.includes('clients') ? 3 : 1 },
  () =>
    new ParallelRequests({
      concurrency: Number(concurrency),
      maxRetries: 0,
      // Whoever waits, waits for a socket or a file. If none comes, the test's own limit ends it.
      timeout: '10m',
      ...(isSecure && { http2: true, verifySsl: false }),
    }),
)
const codes: Record<string, number> = {}
let attempts = 0
let waited = 0
const methods = new Set<string>()
const protocols = new Set<string>()
const startedAtMs = performance.now()
await Promise.all(
  clients.map(async (client, own) => {
    const mine = urls.filter((_, i) => i % clients.length === own)
    const into = saveTo === undefined ? ({ returnType: 'text' } as const) : ({ returnType: 'file', saveTo } as const)
    for (const outcome of await client.request(mine, { onFailure: 'settle', ...into })) {
      const code = outcome.ok ? 'ok' : outcome.error.code
      codes[code] = (codes[code] ?? 0) + 1
      if (outcome.response !== undefined) protocols.add(outcome.response.protocol)
      attempts = Math.max(attempts, outcome.attempts)
      if (!outcome.warnings.some(warning => warning.startsWith('waited for a socket'))) continue
      waited++
      methods.add(outcome.request.method ?? 'GET')
    }
  }),
)
clearInterval(gauge)
await Promise.all(clients.map(client => client.close()))
server.close()
const saved = saveTo === undefined ? 0 : readdirSync(saveTo).filter(name => !name.endsWith('.part')).length
if (saveTo !== undefined) rmSync(saveTo, { recursive: true })
process.stdout.write(
  JSON.stringify({
    codes,
    attempts,
    saved,
    waited,
    methods: [...methods],
    mostFds,
    protocols: [...protocols],
    ms: Math.round(performance.now() - startedAtMs),
  }),
)
