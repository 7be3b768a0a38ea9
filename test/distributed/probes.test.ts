/** What a worker answers to the probes of an orchestrator and of Prometheus. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { LiveCounts } from '../../src/distributed/batch/live-counts.ts'
import { Pulse, SILENT_MS } from '../../src/distributed/batch/pulse.ts'
import { healthAnswer } from '../../src/distributed/batch/worker-health.ts'
import { families } from '../../src/distributed/batch/worker-metrics.ts'
import { readProbes } from '../../src/distributed/batch/worker-probes.ts'
import { readAddress } from '../../src/distributed/probe/address.ts'
import { Durations } from '../../src/distributed/probe/durations.ts'
import { exposition, joined } from '../../src/distributed/probe/prometheus.ts'
import { serveProbes } from '../../src/distributed/probe/server.ts'
import type { ProbeServer } from '../../src/distributed/probe/server.ts'
import type { AttemptEvent } from '../../src/core/events.ts'
import { ConfigError } from '../../src/core/error.ts'

describe('the address of a probe', () => {
  it('is a port on all interfaces, or a host and a port', () => {
    expect(readAddress(':9000')).toEqual({ host: undefined, port: 9_000 })
    expect(readAddress('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 })
    expect(readAddress('[::1]:9464')).toEqual({ host: '::1', port: 9_464 })
    expect(readAddress('localhost:80')).toEqual({ host: 'localhost', port: 80 })
    for (const wrong of ['9000', ':', ':65536', ':9000/health', '::1:90', 'http://a:1', ' :1', '']) {
      expect(readAddress(wrong)).toBeUndefined()
    }
  })

  it('is refused with its option and what helps', () => {
    expect(() => readProbes({ health: '9000' }, '--')).toThrow(
      '--health: expected :PORT or HOST:PORT, got "9000". Write :9000 for all interfaces, 127.0.0.1:9000 for this machine.',
    )
    expect(() => readProbes({ metrics: 9_000 as never })).toThrow(ConfigError)
    expect(readProbes({})).toEqual({ health: undefined, metrics: undefined })
  })
})

describe('the pulse of Redis', () => {
  it('is silent after 30 s without an answer to five questions', () => {
    const pulse = new Pulse(0)
    pulse.answered(1_000)
    for (let question = 0; question < 4; question++) pulse.unanswered()
    expect(pulse.isSilent(1_000 + 10 * SILENT_MS)).toBe(false)
    pulse.unanswered()
    expect(pulse.isSilent(1_000 + SILENT_MS - 1)).toBe(false)
    expect(pulse.isSilent(1_000 + SILENT_MS)).toBe(true)
    expect(pulse.ageMs(1_000 + SILENT_MS)).toBe(SILENT_MS)
    pulse.answered(50_000)
    expect(pulse.isSilent(90_000)).toBe(false)
  })

  it('is not silent while no connection can be made: then a restart does not help', () => {
    const pulse = new Pulse(0)
    for (let second = 1; second < 300; second++) {
      pulse.unanswered()
      pulse.away(second * 1_000)
      expect(pulse.isSilent(second * 1_000)).toBe(false)
    }
    expect(pulse.ageMs(299_000)).toBe(299_000)
  })
})

describe('the health of a worker', () => {
  const worker = {
    isStopping: false,
    redisAgeMs: 12.3,
    batches: () => [{ batch: 'b1', chunks: 2, inFlight: 1, rate: 3 }],
  }

  it('is 200 while Redis answers', () => {
    const { status, type, text } = healthAnswer(worker)
    expect([status, type]).toEqual([200, 'application/json'])
    expect(JSON.parse(text)).toMatchObject({ status: 'ok', redisAnsweredMsAgo: 12, openChunks: 2, batches: ['b1'] })
  })

  it('is 503 while the worker stops, and when Redis has not answered for 30 s', () => {
    const stopping = healthAnswer({ ...worker, isStopping: true })
    const silent = healthAnswer({ ...worker, redisAgeMs: SILENT_MS + 1 })
    expect([stopping.status, silent.status]).toEqual([503, 503])
    expect(stopping.text).toContain('"status":"stopping"')
    expect(silent.text).toContain('"status":"redis does not answer"')
  })
})

describe('metrics', () => {
  it('are escaped, and each family has its head once', () => {
    const text = exposition([
      { name: 'a_total', type: 'counter', help: 'A\nb \\.', samples: [{ labels: { batch: 'x"\n\\' }, value: 1.5 }] },
      { name: 'none', type: 'gauge', help: 'Nothing.', samples: [] },
      { name: 'g', type: 'gauge', help: 'G.', samples: [{ value: Infinity }] },
    ])
    expect(text).toBe(
      '# HELP a_total A\\nb \\\\.\n# TYPE a_total counter\na_total{batch="x\\"\\n\\\\"} 1.5\n' +
        '# HELP g G.\n# TYPE g gauge\ng +Inf\n',
    )
  })

  it('of several queues are joined by family', () => {
    const of = (queue: string): string =>
      `# HELP jobs Jobs\n# TYPE jobs gauge\njobs{queue="${queue}", state="a"} 1\n# HELP done Done\n# TYPE done counter\ndone{queue="${queue}"} 2`
    expect(joined([of('q1'), of('q2')])).toBe(
      '# HELP jobs Jobs\n# TYPE jobs gauge\njobs{queue="q1", state="a"} 1\njobs{queue="q2", state="a"} 1\n' +
        '# HELP done Done\n# TYPE done counter\ndone{queue="q1"} 2\ndone{queue="q2"} 2\n',
    )
    expect(joined([])).toBe('')
  })

  it('of a worker have all requests by batch and result', () => {
    const counts = Object.assign(new LiveCounts(), { ok: 5, failed: 2, retries: 3, limiterMs: 1_500, stalled: 1 })
    const worker = {
      counts: new Map([['b1', counts]]),
      batches: () => [{ batch: 'b1', chunks: 2, inFlight: 4, rate: 1 }],
      redisAgeMs: 250,
    }
    const lines = exposition(families(worker)).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        '# TYPE preq_requests_total counter',
        'preq_requests_total{batch="b1",result="ok"} 5',
        'preq_requests_total{batch="b1",result="failed"} 2',
        'preq_retries_total{batch="b1"} 3',
        'preq_limiter_wait_seconds_total{batch="b1"} 1.5',
        'preq_stalled_chunks_total{batch="b1"} 1',
        'preq_open_chunks{batch="b1"} 2',
        'preq_requests_in_flight{batch="b1"} 4',
        'preq_redis_answer_age_seconds 0.25',
      ]),
    )
  })

  it('of attempts are the histogram of OpenTelemetry, without the server', () => {
    const durations = new Durations()
    const attempt = (total: number, more: object = {}): AttemptEvent =>
      ({ attempt: 1, method: 'GET', url: 'http://a/', host: 'a', timings: { total }, status: 200, ...more }) as never
    durations.end('attempt', attempt(20))
    durations.end('attempt', attempt(60_000))
    durations.end('attempt', attempt(1, { method: 'BREW', status: undefined, code: 'timeout/headers' }))
    durations.end('attempt', attempt(5, { status: 503 }))
    const text = exposition([durations.family()])
    const of = 'http_request_method="GET",http_response_status_code="200"'
    expect(text).toContain('# TYPE http_client_request_duration_seconds histogram\n')
    expect(text).toContain(`_bucket{${of},le="0.01"} 0\n`)
    expect(text).toContain(`_bucket{${of},le="0.025"} 1\n`)
    expect(text).toContain(`_bucket{${of},le="10"} 1\n`)
    expect(text).toContain(`_bucket{${of},le="+Inf"} 2\n`)
    expect(text).toContain(`_sum{${of}} 60.02\n`)
    expect(text).toContain(`_count{${of}} 2\n`)
    expect(text).toContain('_count{http_request_method="_OTHER",error_type="timeout/headers"} 1\n')
    expect(text).toContain('http_response_status_code="503",error_type="http/503",le="0.005"} 1\n')
  })
})

describe('the server of the probes', () => {
  let server: ProbeServer | undefined
  afterEach(() => server?.close())

  it('answers GET and HEAD of its paths, and names them for any other', async () => {
    const routes = {
      '/health': () => ({ status: 503, type: 'application/json', text: '{}' }),
      '/broken': () => Promise.reject(new Error('s3cret')),
    }
    server = await serveProbes({ host: '127.0.0.1', port: 0 }, routes, 'health')
    const base = `http://127.0.0.1:${server.port}`
    const health = await fetch(`${base}/health?full=1`)
    expect([health.status, health.headers.get('content-type'), await health.text()]).toEqual([
      503,
      'application/json',
      '{}',
    ])
    expect(await (await fetch(`${base}/health`, { method: 'HEAD' })).text()).toBe('')
    expect((await fetch(`${base}/health`, { method: 'POST' })).status).toBe(405)
    const other = await fetch(`${base}/constructor`)
    expect([other.status, await other.text()]).toEqual([404, 'There are: /health, /broken\n'])
    const broken = await fetch(`${base}/broken`)
    expect([broken.status, await broken.text()]).toEqual([500, 'The worker could not answer.\n'])
  })

  it('says which option has a port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(serveProbes({ host: '127.0.0.1', port }, {}, '--health')).rejects.toThrow(
      `--health: cannot listen on 127.0.0.1:${port}: `,
    )
    other.close()
  })
})
