/** The queues of BullMQ and what the batches keep beside them in Redis. BullMQ is loaded here only. */
import type { Job, JobsOptions, Queue, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Counted } from './live-counts.ts'
import { manifestIn } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import type { Counts } from './seal.ts'
import type { SigningKeys } from './signature.ts'
import { connectRedis, redisPlace, troubleOf } from '../redis.ts'
import type { RedisSecurity } from '../redis-tls.ts'
import { ConfigError } from '../../core/error.ts'

/** The braces keep all keys in one slot of a cluster. */
export const PREFIX = '{preq}'
const BATCHES = `${PREFIX}:batches`
const INSTALL = 'npm install bullmq@6.7.0 ioredis'

/** A killed worker's chunk is taken over after at most the sum of both. The defaults of BullMQ take a minute. */
export const TAKE_OVER: TakeOver = { lockMs: 20_000, stalledMs: 10_000 }

export interface TakeOver {
  /** A worker that has not prolonged its lock for so long has lost its chunk. */
  readonly lockMs: number
  /** How often such chunks are looked for. */
  readonly stalledMs: number
}

const PROBE_MS = 1_000

/** The name of every job. */
export const JOB = 'chunk'

export interface ChunkJob {
  readonly v: 1
  /** The id of the batch. */
  readonly batch: string
  readonly number: number
  readonly digest: string
  /** If the batch is signed. */
  readonly signature?: string | undefined
  /** Of the retry that asks for it. Absent before the first one. */
  readonly generation?: number
  /** The rows, if the batch is inline. */
  readonly text?: string
  /** Where the rows are, if they are in a file. */
  readonly rows?: { readonly path: string; readonly offset: number; readonly length: number; readonly from: number }
}

const JOB_OPTIONS: JobsOptions = {
  // A completed job would stay for ever.
  removeOnComplete: true,
  // Failed requests are results. A job fails if its results cannot be written.
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000 },
}

/**
 * Sets the bit of a chunk, and adds up its counts if it was not set: a chunk may be finished twice. A process that was
 * stopped for a while may finish a chunk of a batch that was deleted since, whose name another batch may have, or a chunk
 * that has been ordered again since.
 */
const MARK = `
local manifest = redis.call('GET', KEYS[3])
if not manifest or not string.find(manifest, ARGV[4], 1, true) then return -1 end
local byte = redis.call('GETRANGE', KEYS[4], ARGV[1], ARGV[1])
if (string.byte(byte) or 0) ~= tonumber(ARGV[5]) then return -1 end
local was = redis.call('SETBIT', KEYS[1], ARGV[1], 1)
if was == 0 then
  redis.call('HINCRBY', KEYS[2], 'ok', ARGV[2])
  redis.call('HINCRBY', KEYS[2], 'failed', ARGV[3])
end
return was`

/** Asks for a further generation of a chunk: it is not done any more, and its counts are not those of the batch. */
const REOPEN = `
local byte = redis.call('GETRANGE', KEYS[3], ARGV[1], ARGV[1])
if (string.byte(byte) or 0) == tonumber(ARGV[2]) then return 0 end
redis.call('SETRANGE', KEYS[3], ARGV[1], string.char(ARGV[2]))
if redis.call('SETBIT', KEYS[1], ARGV[1], 0) == 1 then
  redis.call('HINCRBY', KEYS[2], 'ok', -ARGV[3])
  redis.call('HINCRBY', KEYS[2], 'failed', -ARGV[4])
  redis.call('HINCRBY', KEYS[4], 'failed', -ARGV[5])
end
return 1`

/** Deletes or prolongs a lock only for the process that holds it. */
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`
const PROLONG = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`

/**
 * KEYS: manifest, state, bits and waiting chunks of each batch. ARGV: the id of each. Returns the numbers of those that are
 * still over. One call for all of them: a Redis may keep a thousand batches that are done, and each worker asks once a second.
 */
const STILL_OVER = `
local over = {}
for nth = 1, #ARGV do
  local key = 4 * nth - 3
  local manifest = redis.call('GET', KEYS[key])
  local state = redis.call('HMGET', KEYS[key + 1], 'cancelled', 'whole', 'chunks')
  local isDone = state[2] == '1' and redis.call('BITCOUNT', KEYS[key + 2]) >= tonumber(state[3] or 0)
  local isOver = state[1] == '1' or isDone and redis.call('EXISTS', KEYS[key + 3]) == 0
  if isOver and manifest and string.find(manifest, ARGV[nth], 1, true) then table.insert(over, nth) end
end
return over`

/** KEYS: the locks of chunks. ARGV: who should have each. Returns the remaining milliseconds; less than 1 if another has it. */
const REMAINING = `
local remaining = {}
for nth, key in ipairs(KEYS) do
  remaining[nth] = redis.call('GET', key) == ARGV[nth] and redis.call('PTTL', key) or 0
end
return remaining`

/** A batch that has no work for workers. */
export interface Ended {
  /** The id of the batch. */
  readonly id: string
  /** `stuck`: chunks are left that could not be run. */
  readonly end: 'done' | 'cancelled' | 'stuck'
  /** Chunks are in the queue although they are done: Redis or their worker was lost at that moment. */
  readonly hasJobs: boolean
}

/** Errors of a connection. */
const LOST = /^E[A-Z]+ connect |ECONNREFUSED|ECONNRESET|EPIPE|Connection is closed|isn't writeable|Command timed out/

export function isOfRedis(error: unknown): boolean {
  const { name, code, message } = Object(error) as NodeJS.ErrnoException
  return name === 'ReplyError' || name === 'MaxRetriesPerRequestError' || LOST.test(`${code} ${message}`)
}

/** Errors of BullMQ: the chunk is with another worker, or in no queue. */
const NOT_OURS: ReadonlySet<unknown> = new Set([-1, -2, -3, -6])

export const isTakenAway = (error: unknown): boolean => NOT_OURS.has(Object(error).code)

/** What is kept of each batch, beside its queue. */
const BATCH_KEYS = ['manifest', 'state', 'done', 'submit', 'live', 'workers', 'generations'] as const
type BatchKey = (typeof BATCH_KEYS)[number]

export class Broker {
  readonly redis: Redis
  readonly place: string
  /** May have a password: for another process of this worker only. */
  readonly url: string
  readonly tls: RedisSecurity | undefined
  /** With which batches are signed. */
  readonly keys: SigningKeys | undefined
  readonly #subject: string
  readonly #bullmq: typeof import('bullmq')
  readonly #queues = new Map<string, Queue>()

  constructor(address: BrokerAddress, subject: string, redis: Redis, bullmq: typeof import('bullmq')) {
    const { url, tls, keys } = address
    this.keys = keys
    this.url = url
    this.tls = tls
    this.#subject = subject
    this.redis = redis
    this.place = redisPlace(url)
    this.#bullmq = bullmq
  }

  key(batch: string, name: BatchKey): string {
    return `${PREFIX}:${batch}:preq-${name}`
  }

  queue(batch: string): Queue {
    let queue = this.#queues.get(batch)
    if (queue !== undefined) return queue
    queue = new this.#bullmq.Queue(batch, {
      connection: this.redis,
      prefix: PREFIX,
      defaultJobOptions: JOB_OPTIONS,
      skipVersionCheck: true,
    })
    // Errors of the connection reject the call that met them.
    queue.on('error', () => undefined)
    this.#queues.set(batch, queue)
    return queue
  }

  async closeQueue(batch: string): Promise<void> {
    const queue = this.#queues.get(batch)
    this.#queues.delete(batch)
    await queue?.close().catch(() => undefined)
  }

  /** A connection that waits for Redis to come back, for a worker. */
  connectWorker(): Promise<Redis> {
    return connectRedis(this.url, this.#subject, {
      tls: this.tls,
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      commandTimeout: undefined,
      // Otherwise ioredis forgets what was under way: its promises, and with them the places of chunks, hang for ever.
      autoResendUnfulfilledCommands: true,
    })
  }

  worker(
    batch: string,
    connection: Redis,
    chunks: number,
    run: (job: Job, token: string) => Promise<unknown>,
    { lockMs, stalledMs } = TAKE_OVER,
  ): Worker {
    const worker = new this.#bullmq.Worker(batch, (job: Job, token?: string) => run(job, token ?? ''), {
      connection,
      prefix: PREFIX,
      concurrency: chunks,
      lockDuration: lockMs,
      // A process that is starved for half of the time keeps its chunks.
      lockRenewTime: lockMs / 4,
      stalledInterval: stalledMs,
      // One chunk that kills its process would fail all chunks beside it.
      maxStalledCount: 1_000_000,
      removeOnComplete: { count: 0 },
      // Counts the completed and failed chunks for `exportPrometheusMetrics`; one data point is the least.
      metrics: { maxDataPoints: 1 },
      skipVersionCheck: true,
    })
    worker.on('error', () => undefined)
    return worker
  }

  waiting(): Error {
    return new this.#bullmq.WaitingError()
  }

  delayed(): Error {
    return new this.#bullmq.DelayedError()
  }

  unrecoverable(text: string): Error {
    return new this.#bullmq.UnrecoverableError(text)
  }

  /** Rejects if Redis takes no writes of this user. A memory that is full, or an outage, passes. */
  async proveWritable(): Promise<void> {
    try {
      await this.redis.set(`${PREFIX}:preq-probe`, '', 'PX', PROBE_MS)
    } catch (error) {
      if (/^(?:READONLY|NOPERM)/.test((error as Error).message)) throw error
    }
  }

  async batches(): Promise<string[]> {
    return (await this.redis.smembers(BATCHES)).toSorted()
  }

  /** Undefined if Redis does not know the batch. */
  async manifest(batch: string): Promise<Manifest | undefined> {
    const text = await this.redis.get(this.key(batch, 'manifest'))
    return text === null ? undefined : manifestIn(text, `batch ${batch}`)
  }

  /** Announces a batch. Resolves with the one that has the name. */
  async announce(manifest: Manifest): Promise<Manifest> {
    const { batch } = manifest
    await this.redis.set(this.key(batch, 'manifest'), JSON.stringify(manifest), 'NX')
    await this.redis.sadd(BATCHES, batch)
    return (await this.manifest(batch)) ?? manifest
  }

  /** Why no worker has anything to do for a batch; undefined if there is work. */
  async endOf({ batch, id }: Pick<Manifest, 'batch' | 'id'>): Promise<Ended | undefined> {
    const { cancelled, whole, chunks } = await this.state(batch)
    if (cancelled === '1') return { id, end: 'cancelled', hasJobs: false }
    if (whole !== '1') return undefined
    const isDone = (await this.countDone(batch)) >= Number(chunks)
    const queue = this.queue(batch)
    const { failed = 0, ...left } = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed')
    const hasJobs = Object.values(left).some(count => count > 0)
    if (isDone) return { id, end: 'done', hasJobs }
    return failed > 0 && !hasJobs && !(await queue.isPaused()) ? { id, end: 'stuck', hasJobs } : undefined
  }

  /** Those of these batches that are done or cancelled, as they were. */
  async stillOver(batches: ReadonlyMap<string, Ended>): Promise<ReadonlySet<string>> {
    const asked = [...batches].filter(([, { end }]) => end !== 'stuck')
    if (asked.length === 0) return new Set()
    const keys = asked.flatMap(([batch]) => [
      ...(['manifest', 'state', 'done'] as const).map(name => this.key(batch, name)),
      `${PREFIX}:${batch}:wait`,
    ])
    const ids = asked.map(([, { id }]) => id)
    const over = (await this.redis.eval(STILL_OVER, keys.length, ...keys, ...ids)) as number[]
    return new Set(over.map(nth => (asked[nth - 1] as (typeof asked)[number])[0]))
  }

  async forget(batch: string): Promise<void> {
    await this.redis.del(...BATCH_KEYS.map(name => this.key(batch, name)))
    await this.redis.srem(BATCHES, batch)
  }

  state(batch: string): Promise<Readonly<Record<string, string>>> {
    return this.redis.hgetall(this.key(batch, 'state'))
  }

  /** What the workers have counted so far, and how many of them there were. */
  async live(batch: string): Promise<Counted & { readonly workers: number }> {
    const [fields, workers] = await Promise.all([
      this.redis.hgetall(this.key(batch, 'live')),
      this.redis.scard(this.key(batch, 'workers')),
    ])
    const of = (field: keyof Counted): number => Number(fields[field] ?? 0)
    return { ok: of('ok'), failed: of('failed'), retries: of('retries'), bytes: of('bytes'), workers }
  }

  async countReadded(batch: string): Promise<number> {
    return Number((await this.redis.hget(this.key(batch, 'state'), 'readded')) ?? 0)
  }

  async addReadded(batch: string, chunks: number): Promise<void> {
    await this.redis.hincrby(this.key(batch, 'state'), 'readded', chunks)
  }

  async setState(batch: string, fields: Readonly<Record<string, string | number>>): Promise<void> {
    await this.redis.hset(this.key(batch, 'state'), fields)
  }

  async isDone(batch: string, chunk: number): Promise<boolean> {
    return (await this.redis.getbit(this.key(batch, 'done'), chunk)) === 1
  }

  /** For how long each of these locks is still held by its token, in milliseconds; 0 if it is not. */
  async remainingMs(batch: string, locks: readonly ChunkLock[]): Promise<readonly number[]> {
    if (locks.length === 0) return []
    const keys = locks.map(({ job }) => `${PREFIX}:${batch}:${job}:lock`)
    const tokens = locks.map(({ token }) => token)
    return (await this.redis.eval(REMAINING, keys.length, ...keys, ...tokens)) as number[]
  }

  /** How many chunks are with workers that live: those prolong their locks. */
  async heldChunks(batch: string): Promise<number> {
    const queue = this.queue(batch)
    const ids = await this.redis.lrange(queue.toKey('active'), 0, -1)
    const locks = ids.map(id => queue.toKey(`${id}:lock`))
    return locks.length === 0 ? 0 : this.redis.exists(...locks)
  }

  countDone(batch: string): Promise<number> {
    return this.redis.bitcount(this.key(batch, 'done'))
  }

  /** The generations of chunks, from the first on. Those of later chunks may be missing: they are 0. */
  generations(batch: string, first: number, count: number): Promise<Buffer> {
    return this.redis.getrangeBuffer(this.key(batch, 'generations'), first, first + count - 1)
  }

  async markDone(
    { batch, id }: Pick<Manifest, 'batch' | 'id'>,
    { number, generation, counts }: { readonly number: number; readonly generation: number; readonly counts: Counts },
  ): Promise<void> {
    const keys = (['done', 'state', 'manifest', 'generations'] as const).map(name => this.key(batch, name))
    await this.redis.eval(MARK, keys.length, ...keys, number, counts.ok, counts.failed, id, generation)
  }

  /** @param counts those of its generation before, and how many of the failures are sent again */
  async reopen(
    batch: string,
    {
      number,
      generation,
      counts,
    }: { readonly number: number; readonly generation: number; readonly counts: Counts & { readonly meant: number } },
  ): Promise<void> {
    const keys = (['done', 'state', 'generations', 'live'] as const).map(name => this.key(batch, name))
    const { ok, failed, meant } = counts
    await this.redis.eval(REOPEN, keys.length, ...keys, number, generation, ok, failed, meant)
  }

  async lock(batch: string, token: string, forMs: number): Promise<boolean> {
    return (await this.redis.set(this.key(batch, 'submit'), token, 'PX', forMs, 'NX')) === 'OK'
  }

  async prolong(batch: string, token: string, forMs: number): Promise<boolean> {
    return (await this.redis.eval(PROLONG, 1, this.key(batch, 'submit'), token, forMs)) === 1
  }

  async unlock(batch: string, token: string): Promise<void> {
    await this.redis.eval(UNLOCK, 1, this.key(batch, 'submit'), token)
  }

  /** What an error of Redis means, as an error of the caller; others are left as they are. */
  explain(error: unknown): unknown {
    if (error instanceof ConfigError || !isOfRedis(error)) return error
    return new ConfigError([`${this.#subject}: ${troubleOf(error, this.place)}`])
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map(queue => queue.close()))
    this.redis.disconnect()
  }
}

/** The lock of a chunk, and the token of the worker that should have it. */
export interface ChunkLock {
  readonly job: string
  readonly token: string
}

export interface BrokerAddress {
  readonly url: string
  readonly tls?: RedisSecurity | undefined
  readonly keys?: SigningKeys | undefined
}

/** @param subject the option or flag that the URL is from, for messages */
export async function openBroker(address: BrokerAddress, subject: string): Promise<Broker> {
  const { url, tls } = address
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url)) {
    throw new ConfigError([
      `${subject}: expected the URL of a Redis server, such as redis://localhost:6379, got something else. With Sentinel, give an address that follows the primary.`,
    ])
  }
  const bullmq = await loadQueue(subject)
  return new Broker(address, subject, await connectRedis(url, subject, { tls }), bullmq)
}

async function loadQueue(subject: string): Promise<typeof import('bullmq')> {
  try {
    return await import('bullmq')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError([
      `${subject}: expected the packages bullmq and ioredis, which are not installed. Run \`${INSTALL}\`.`,
    ])
  }
}
