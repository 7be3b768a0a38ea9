/** nginx: keep-alive races, rate limits, ranges, TLS, closed connections, and a reload during a batch. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ParallelRequests } from '../../src/index.ts'
import { TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { tlsFixture } from '../support/raw-server.ts'
import { freePort, isMissing, start } from './component.ts'
import type { Component } from './component.ts'
import { expectFigure } from '../support/figure.ts'

const BODY = JSON.stringify(Array.from({ length: 4_000 }, (_, id) => ({ id, name: `item ${id}` })))
const BIG = Buffer.alloc(8_000_000, 'parallel requests ')
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

const conf = (folder: string, port: number, tlsPort: number): string => `
user root;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  log_format jobs '$request_method $http_x_job $status';
  access_log ${folder}/access.log jobs;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  limit_req_zone $server_addr zone=slow:1m rate=100r/s;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    root ${folder};
    client_max_body_size 16k;
    location /echo/ { return 200 "$request_uri"; }
    location /few/ { keepalive_requests 3; return 200 "$request_uri"; }
    location /short/ { keepalive_timeout 30ms; return 200 "$request_uri"; }
    location /limited-429/ { limit_req zone=slow; limit_req_status 429; try_files /small.txt =404; }
    location /limited-503/ { limit_req zone=slow; limit_req_status 503; try_files /small.txt =404; }
    location /silent { return 444; }
    location /gone { return 410; }
    location /moved { return 301 /echo/moved; }
    location /none { return 204; }
    location /packed/ { alias ${folder}/; gzip on; gzip_types *; gzip_min_length 1; }
    location /crawl/ { alias ${folder}/; limit_rate 7000k; }
  }
}
`

describe.skipIf(isMissing('nginx'))('nginx', () => {
  let nginx: Component
  let secure: string
  beforeAll(async () => {
    const tlsPort = await freePort()
    secure = `https://127.0.0.1:${tlsPort}`
    nginx = await start({
      program: 'nginx',
      args: folder => ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`, '-g', 'daemon off;'],
      files: (folder, port) => ({
        'nginx.conf': conf(folder, port, tlsPort),
        'cert.pem': tlsFixture('server'),
        'key.pem': tlsFixture('server-key'),
        'data.json': BODY,
        'small.txt': 'small',
        'big.bin': BIG,
      }),
    })
  })
  afterAll(() => nginx?.[Symbol.asyncDispose]())

  const logged = (): string[] => readFileSync(join(nginx.folder, 'access.log'), 'utf8').trim().split('\n')
  const paths = (folder: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `/${folder}/${n}?of=${count}`)

  it('costs no additional attempt when it closes connections after three requests', async () => {
    await using client = clientOf({ concurrency: 8 })
    const wanted = paths('few', 300)
    const outcomes = await client.request(
      wanted.map(path => nginx.origin + path),
      SETTLE,
    )
    expect(outcomes.map(({ value }) => value)).toEqual(wanted)
    expect(Math.max(...outcomes.map(({ attempts }) => attempts))).toBe(1)
  })

  it('loses no request and sends no POST twice when it closes idle connections as they are reused', async () => {
    // Each client has one connection, and reuses it just about when nginx closes it.
    const race = async (client: ParallelRequests, gapMs: number) => {
      const specs = paths(`short/${gapMs}`, 50).map((path, n) => ({
        url: nginx.origin + path,
        method: n % 2 === 0 ? 'GET' : 'POST',
        headers: { 'x-job': `short-${gapMs}-${n}` },
        meta: path,
      }))
      return client.request(specs, SETTLE)
    }
    const clients = [27, 28, 29, 30, 31, 32].map(gapMs => {
      const client = clientOf({ concurrency: 1, rateLimit: { limit: 1, interval: gapMs } })
      return { client, outcomes: race(client, gapMs) }
    })
    for (const { client, outcomes } of clients) {
      for (const outcome of await outcomes) {
        if (outcome.ok) expect(outcome.value).toBe(outcome.request.meta)
        else expect([outcome.request.method, outcome.error.code]).toEqual(['POST', 'in_doubt/reset'])
      }
      await client.close()
    }
    const posted = logged().filter(line => line.startsWith('POST short-'))
    expect(new Set(posted).size).toBe(posted.length)
  })

  it.each([
    ['429', {}],
    ['503', { maxRetries: 60, retry: { backoff: { base: '20ms', max: '100ms' }, budget: { reserve: Infinity } } }],
  ] as const)('is waited for when it limits the rate with %s', async (status, options) => {
    await using client = clientOf({ ...options, concurrency: 10, timeout: '20s' })
    const urls = paths(`limited-${status}`, 40).map(path => nginx.origin + path)
    const outcomes = await client.request(urls, SETTLE)
    expect(outcomes.map(verdictOf)).toEqual(urls.map(() => 'ok'))
    expect(outcomes.some(({ attempts }) => attempts > 1)).toBe(true)
  })

  it('delivers bodies compressed on the fly as they are on disk', async () => {
    const outcome = await ask(`${nginx.origin}/packed/data.json`)
    expect(outcome.value).toBe(BODY)
    expect(outcome.response?.headers.get('content-encoding')).toBe('gzip')
    expect(outcome.response?.integrity).toBe('chunked')
    expect(outcome.response?.headers.get('etag')).toMatch(/^W\//)
  })

  it('serves large bodies, ranges and conditional requests', async () => {
    await using client = clientOf()
    const url = `${nginx.origin}/big.bin`
    const whole = await client.request(url, { returnType: 'response' })
    const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
    expect(digest(whole.bytes())).toBe(digest(BIG))
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"/)
    const part = (ifRange: string) =>
      client.request({ url, headers: { range: 'bytes=7999990-', 'if-range': ifRange } }, { returnType: 'response' })
    const rest = await part(etag)
    expect([rest.status, rest.bytes().byteLength]).toEqual([206, 10])
    expect(digest(rest.bytes())).toBe(digest(BIG.subarray(7_999_990)))
    // Another version: the server sends the whole body, not a part that does not fit.
    expect((await part('"another"')).status).toBe(200)
    const same = await client.request({ url, headers: { 'if-none-match': etag } }, { returnType: 'response' })
    expect([same.status, same.bytes().byteLength]).toEqual([304, 0])
    const head = await client.request({ url, method: 'HEAD' }, { returnType: 'response' })
    expect([head.status, head.headers.get('content-length'), head.bytes().byteLength]).toEqual([200, '8000000', 0])
  })

  it('is read to the end when it is slow, or given up in time', async () => {
    const url = `${nginx.origin}/crawl/big.bin`
    const startedAtMs = performance.now()
    expect(await verdict({ url, timeout: '200ms' })).toBe('timeout/body')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(450)
    expect(await verdict({ url, maxResponseBytes: '1MiB' })).toBe('too_large/body')
    expect(await verdict({ url, timeout: '15s' })).toBe('ok')
  })

  it('gives the expected code for no body, a redirect, 410, 413 and a closed connection', async () => {
    expect((await ask(`${nginx.origin}/none`)).value).toBe('')
    const moved = await ask(`${nginx.origin}/moved`)
    expect([moved.value, moved.response?.redirects]).toEqual(['/echo/moved', 1])
    expect(await verdict(`${nginx.origin}/gone`)).toBe('http/410')
    const upload = { url: `${nginx.origin}/echo/up`, method: 'POST', body: 'x'.repeat(5_000_000) }
    expect(await verdict(upload)).toBe('http/413')
    expect(await verdict(`${nginx.origin}/silent`)).toBe('reset/before_headers')
    expect(await verdict({ url: `${nginx.origin}/silent`, method: 'POST', body: 'x' })).toBe('in_doubt/reset')
  })

  it('is trusted over TLS only with its own authority', async () => {
    const outcome = await ask(`${secure}/echo/tls`, TRUST)
    expect(outcome.value).toBe('/echo/tls')
    expect(outcome.timings.tls).toBeGreaterThan(0)
    expect(await verdict(`${secure}/echo/tls`)).toMatch(/^tls\/untrusted$/)
    expect(await verdict(`${secure}/echo/tls`, { verifySsl: false })).toBe('ok')
    // nginx answers 400 to plain HTTP on its TLS port.
    expect(await verdict(`${secure.replace('https', 'http')}/echo/tls`)).toBe('http/400')
    expect(await verdict(`https://127.0.0.1:${nginx.port}/echo/tls`, TRUST)).toBe('tls/not_tls')
  })

  it('loses no request when it is reloaded during a batch', async () => {
    await using client = clientOf({ concurrency: 8, maxRetries: 3, rateLimit: '1000/s' })
    const wanted = paths('echo', 600)
    const reloads = [80, 250, 400]
    const outcomes = []
    for await (const outcome of client.stream(
      wanted.map(path => nginx.origin + path),
      { returnType: 'text' },
    )) {
      outcomes.push(outcome)
      if (outcomes.length === reloads[0]) {
        reloads.shift()
        nginx.signal('SIGHUP')
      }
    }
    expect(outcomes).toHaveLength(600)
    for (const { index, value, error } of outcomes) expect(value, error?.code).toBe(wanted[index])
  })
})
