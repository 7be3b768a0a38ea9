/** A server in virtual time that counts requests like real ones, and publishes its count in a given form. */
import { mockTransport } from '../../src/testing/index.ts'
import type { MockRequest, MockTransport } from '../../src/testing/index.ts'

/** The server's count at the time of its answer. */
export interface Count {
  readonly limit: number
  readonly left: number
  /** Until the window ends, or until the bucket is full again. */
  readonly resetMs: number
  readonly resetEpochMs: number
  readonly ok: boolean
}

export interface QuotaPlan {
  /** Windows of its own clock, windows that start with their first request, or a bucket that refills evenly. */
  readonly kind: 'aligned' | 'first request' | 'bucket'
  readonly limit: number
  readonly windowMs: number
  readonly latencyMs?: number
  readonly refusal?: number
  /** The difference of its clock to the client's. */
  readonly offMs?: number
  readonly publish: (count: Count, request: MockRequest) => Readonly<Record<string, string>>
  /** The quota that a request counts in. Default one for all. */
  readonly bucketOf?: (url: string) => string
}

export interface QuotaServer {
  readonly transport: MockTransport
  /** When each request was refused, in virtual milliseconds. */
  readonly refusedAtMs: number[]
  readonly takenAtMs: number[]
}

export function quotaServer(plan: QuotaPlan): QuotaServer {
  const { kind, limit, windowMs, latencyMs = 20, refusal = 429, offMs = 0, bucketOf = () => '' } = plan
  const counters = new Map<string, (nowMs: number) => Omit<Count, 'resetEpochMs' | 'limit'>>()
  const server: QuotaServer = {
    refusedAtMs: [],
    takenAtMs: [],
    transport: mockTransport(request => {
      const { clock } = server.transport
      const nowMs = clock.now()
      const bucket = bucketOf(request.url)
      let take = counters.get(bucket)
      if (take === undefined) counters.set(bucket, (take = kind === 'bucket' ? leaky(limit, windowMs) : fixed(plan)))
      const taken = take(nowMs)
      ;(taken.ok ? server.takenAtMs : server.refusedAtMs).push(nowMs)
      const epochMs = clock.epochMs() + offMs
      const count = { ...taken, limit, resetEpochMs: epochMs + taken.resetMs }
      const headers = { date: new Date(epochMs).toUTCString(), ...plan.publish(count, request) }
      return { status: taken.ok ? 200 : refusal, json: {}, headers, latencyMs }
    }),
  }
  return server
}

function fixed({ kind, limit, windowMs }: QuotaPlan): (nowMs: number) => Omit<Count, 'resetEpochMs' | 'limit'> {
  let [endsAtMs, used] = [0, 0]
  return nowMs => {
    if (nowMs >= endsAtMs) {
      endsAtMs = kind === 'aligned' ? (Math.floor(nowMs / windowMs) + 1) * windowMs : nowMs + windowMs
      used = 0
    }
    const ok = used < limit
    if (ok) used++
    return { ok, left: limit - used, resetMs: endsAtMs - nowMs }
  }
}

function leaky(limit: number, windowMs: number): (nowMs: number) => Omit<Count, 'resetEpochMs' | 'limit'> {
  let [level, atMs] = [limit, 0]
  return nowMs => {
    level = Math.min(limit, level + ((nowMs - atMs) * limit) / windowMs)
    atMs = nowMs
    const ok = level >= 1
    if (ok) level--
    return { ok, left: Math.floor(level), resetMs: ((limit - level) * windowMs) / limit }
  }
}

export const up = (ms: number): number => Math.ceil(ms / 1_000)
export const down = (ms: number): number => Math.floor(ms / 1_000)
