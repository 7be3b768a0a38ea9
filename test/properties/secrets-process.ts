/**
 * Sends requests with a secret in every place that takes one, and shows the results in every way: printed, as JSON, in
 * a run file, in sinks, as an uncaught error. `argv[2]`: the folder for files. `argv[3]`: the secrets by place.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { RequestSpec } from '../../src/index.ts'
import { csv, folder, jsonLines, sqlite } from '../../src/sinks/index.ts'

const dir = process.argv[2] as string
const secret = JSON.parse(process.argv[3] as string) as Readonly<Record<string, string>>

let away = ''
const server = createServer((request, response) => {
  const cookie = { 'set-cookie': `sid=${secret['set-cookie']}; Path=/`, 'x-tenant': secret['response header'] }
  const path = new URL(request.url ?? '/', 'http://x').pathname
  if (path === '/cut') return void request.socket.destroy()
  if (path === '/silent') return
  if (path === '/broken') {
    return void request.socket.end(
      `HTTP/1.1 200 OK\r\nX-A: b\r\nX A: b\r\nSet-Cookie: sid=${secret['broken head']}\r\n\r\n`,
    )
  }
  if (path === '/away') {
    const location = `${away.replace('//', `//u:${secret['userinfo of a redirect']}@`)}/end?token=${secret['query of a redirect']}`
    return void response.writeHead(302, { ...cookie, location }).end()
  }
  if (path === '/loop') return void response.writeHead(302, { location: request.url }).end()
  // Both say back what they were sent, once as JSON and once as a page, with the password in plain text.
  const { authorization = '' } = request.headers
  const [, pair = ''] = authorization.split(' ')
  const user = Buffer.from(pair, 'base64').toString()
  if (path === '/no') {
    const said = { url: request.url, headers: request.headers, user, 'x-tenant': request.headers['x-tenant'] }
    return void response.writeHead(403, { ...cookie, 'x-request-id': 'r1' }).end(JSON.stringify(said))
  }
  if (path === '/bad') return void response.end(`<p>${request.url} ${request.rawHeaders.join(': ')} ${user}`)
  if (path === '/reason') return void response.writeHead(401, `no ${authorization}`).end()
  response.writeHead(200, cookie).end('{"fine":true}')
})
const other = createServer((_request, response) => void response.end('{"fine":true}'))
const dead = createServer()
const refusing = createServer()
refusing.on('connect', (_request, socket) => {
  // An aborted client resets it, which would end this process.
  socket.on('error', () => undefined)
  socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n')
})
for (const each of [server, other, dead, refusing])
  await new Promise<void>(resolve => each.listen(0, '127.0.0.1', resolve))
const port = (each: typeof server): number => (each.address() as AddressInfo).port
away = `http://127.0.0.1:${port(other)}`
const deadPort = port(dead)
await new Promise(resolve => dead.close(resolve))

const specOf = (path: string): RequestSpec => ({
  url: `http://user:${secret['userinfo']}@127.0.0.1:${port(server)}${path}?token=${secret['query']}&tenant=${secret['listed query']}#access_token=${secret['fragment']}`,
  params: { api_key: secret['params'] },
  headers: {
    'x-api-key': secret['header'] as string,
    'x-tenant': secret['listed header'] as string,
    cookie: `a=${secret['cookie header']}`,
  },
})
const viaProxy = (proxyPort: number): RequestSpec => ({
  url: `https://127.0.0.1:${port(server)}/?token=${secret['query']}`,
  proxy: `http://me:${secret['password of a proxy']}@127.0.0.1:${proxyPort}`,
})
const specs: RequestSpec[] = [
  ...['/', '/cut', '/silent', '/away', '/loop', '/no', '/bad', '/reason', '/broken'].map(specOf),
  { url: `${away}/`, auth: { bearer: secret['bearer'] as string } },
  {
    url: `${away}/`,
    headers: { authorization: `Bearer ${secret['authorization']}` },
    method: 'POST',
    json: { password: secret['body'] },
  },
  { url: `http://user:${secret['userinfo']}@[bad/?token=${secret['query']}` },
  { url: `${away}/`, headers: { 'x-api-key': `${secret['header']}\n` } },
  viaProxy(deadPort),
  viaProxy(port(refusing)),
]

const show = (...values: readonly unknown[]): void => {
  for (const value of values) {
    console.log(
      inspect(value),
      inspect(value, { depth: 12, compact: false }),
      format('%s %o %O %j', value, value, value, value),
    )
    console.log(String(value))
    console.error(value)
    if (value instanceof Error) console.log(value.message, value.stack, inspect(value.cause, { depth: 9 }))
  }
}

const shared = {
  secretNames: ['tenant', 'X-Tenant'],
  maxRetries: 1,
  timeout: '200ms',
  retry: { backoff: { base: '1ms' } },
} as const
process.on('warning', warning => show(warning))
await using client = new ParallelRequests({
  ...shared,
  cookies: { sid: secret['cookies'] as string },
  onProgress: progress => show(progress),
})
const outcomes = await client.request(specs, { onFailure: 'settle' })
show(outcomes, client, client.stats())
for (const outcome of outcomes)
  show(
    outcome.error?.body,
    outcome.error?.toJSON(),
    outcome,
    outcome.error,
    outcome.response,
    outcome.response?.headers,
    outcome.error?.response?.headers,
  )
const files = [
  jsonLines(join(dir, 'a.jsonl'), { responseHeaders: ['x-request-id', 'x-tenant'] }),
  csv(join(dir, 'a.csv'), { columns: ['error', 'message', 'error_body', 'final_url', 'location'] }),
  sqlite(join(dir, 'a.db')),
  folder(join(dir, 'files')),
]
for (const sink of files) show(await client.drain(specs, { sink }))
for (let n = 0; n < 2; n++) {
  const rerun = await parallelRequests(specs, { ...shared, onFailure: 'settle', resume: join(dir, 'run.jsonl') })
  show(rerun)
}
show(await parallelRequests(specs, { ...shared, signal: AbortSignal.timeout(20) }).catch((error: unknown) => error))
for (const each of [server, other, refusing]) {
  each.closeAllConnections()
  each.close()
}
// This error is not caught: Node prints it and exits.
await parallelRequests(specs, shared)
