/**
 * Which workers there are, and what they have counted: each tells it to Redis once a second. One that tells nothing for
 * a while is forgotten. Only the clock of Redis counts.
 */
import { PREFIX } from './broker.ts'
import type { Broker } from './broker.ts'
import { COUNTED } from './live-counts.ts'
import type { Counted } from './live-counts.ts'
import { isRecord } from '../../config/kinds.ts'

/** What a worker has of one batch. */
export interface WorkerBatch {
  /** The name of the batch. */
  readonly batch: string
  /** Chunks that it has open. */
  readonly chunks: number
  /** Attempts on the wire. */
  readonly inFlight: number
  /** Requests per second, over the last few seconds. */
  readonly rate: number
}

/** What a worker tells about itself. */
export interface WorkerReport {
  /** A name that no other worker has. */
  readonly id: string
  /** The name of its machine. */
  readonly host: string
  /** The id of its process. */
  readonly pid: number
  /** The version of the package. */
  readonly version: string
  /** ISO 8601, by the clock of the worker. */
  readonly startedAt: string
  /** `'stopping'`: it starts no more requests. */
  readonly state: 'running' | 'stopping'
  /** The batches that it has open. */
  readonly batches: readonly WorkerBatch[]
}

/** A worker that has been heard of in the last 15 seconds. */
export interface WorkerInfo extends WorkerReport {
  /** Chunks that it has open, of all batches. */
  readonly chunks: number
  /** Attempts on the wire, of all batches. */
  readonly inFlight: number
  /** Requests per second, of all batches. */
  readonly rate: number
  /** Milliseconds since it was heard of, by the clock of Redis. */
  readonly seenMsAgo: number
}

const REPORTS = `${PREFIX}:workers`
const SEEN = `${PREFIX}:workers-seen`
const FORGOTTEN_MS = 15_000

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * KEYS: reports, seen, then three for each batch: manifest, live counts, workers. ARGV: id, report (none: it leaves), how
 * long it is known, then four numbers for each batch. A batch that was deleted gets nothing.
 */
const TELL = `${NOW}
local old = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])
for _, id in ipairs(old) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
local fields = { ${COUNTED.map(name => `'${name}'`).join(', ')} }
local at = 4
for key = 3, #KEYS, 3 do
  local isThere = redis.call('EXISTS', KEYS[key]) == 1
  for _, field in ipairs(fields) do
    if isThere and ARGV[at] ~= '0' then redis.call('HINCRBY', KEYS[key + 1], field, ARGV[at]) end
    at = at + 1
  end
  if isThere then redis.call('SADD', KEYS[key + 2], ARGV[1]) end
end
return 1`

const LIST = `${NOW}
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], now - ARGV[1], '+inf')) do
  table.insert(found, tostring(now - redis.call('ZSCORE', KEYS[2], id)))
  table.insert(found, redis.call('HGET', KEYS[1], id) or '')
end
return found`

/** @param report undefined: the worker leaves */
export async function tell(
  broker: Pick<Broker, 'redis' | 'key'>,
  id: string,
  report: WorkerReport | undefined,
  counted: ReadonlyMap<string, Counted>,
): Promise<void> {
  const keys = [...counted.keys()].flatMap(batch => [
    broker.key(batch, 'manifest'),
    broker.key(batch, 'live'),
    broker.key(batch, 'workers'),
  ])
  const numbers = [...counted.values()].flatMap(one => COUNTED.map(field => one[field]))
  const text = report === undefined ? '' : JSON.stringify(report)
  await broker.redis.eval(TELL, 2 + keys.length, REPORTS, SEEN, ...keys, id, text, FORGOTTEN_MS, ...numbers)
}

/** By host and process. */
export async function workersOf({ redis }: Pick<Broker, 'redis'>): Promise<WorkerInfo[]> {
  const found = (await redis.eval(LIST, 2, REPORTS, SEEN, FORGOTTEN_MS)) as string[]
  const workers: WorkerInfo[] = []
  for (let at = 0; at + 1 < found.length; at += 2) {
    const report = reportIn(found[at + 1] as string)
    if (report === undefined) continue
    const sum = (field: 'chunks' | 'inFlight' | 'rate'): number =>
      report.batches.reduce((all, one) => all + one[field], 0)
    workers.push({
      ...report,
      chunks: sum('chunks'),
      inFlight: sum('inFlight'),
      rate: sum('rate'),
      seenMsAgo: Math.max(0, Number(found[at])),
    })
  }
  return workers.toSorted((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid)
}

/** Undefined if a worker did not write it. */
function reportIn(text: string): WorkerReport | undefined {
  let report: unknown
  try {
    report = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(report) || !Array.isArray(report['batches'])) return undefined
  const { id, host, pid, version, startedAt, state } = report as Partial<Record<keyof WorkerReport, unknown>>
  const texts = [id, host, version, startedAt, state]
  if (!texts.every(one => typeof one === 'string') || typeof pid !== 'number') return undefined
  return { ...(report as unknown as WorkerReport), batches: report['batches'].filter(isWorkerBatch) }
}

const isWorkerBatch = (one: unknown): one is WorkerBatch =>
  isRecord(one) &&
  typeof one['batch'] === 'string' &&
  [one['chunks'], one['inFlight'], one['rate']].every(number => typeof number === 'number')
