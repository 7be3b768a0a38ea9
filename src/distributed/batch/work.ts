/** A worker: takes chunks of batches from the queue and runs them, until it is told to stop. */
import type { Job, Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { patiently } from './add-chunks.ts'
import { Quarantine, Turns } from './quarantine.ts'
import { QuarantinedRun } from './quarantined-run.ts'
import { isSuspected } from './trial-log.ts'
import { JOB, TAKE_OVER, isOfRedis, isTakenAway } from './broker.ts'
import type { Broker, ChunkJob, Ended, TakeOver } from './broker.ts'
import { ChunkIndex } from './chunk-index.ts'
import { chunkName } from './chunk.ts'
import type { Chunk } from './chunk.ts'
import { ChunkRun } from './chunk-run.ts'
import { Heartbeat } from './heartbeat.ts'
import { Hold, Holds } from './hold.ts'
import { Lineup } from './lineup.ts'
import { LiveCounts } from './live-counts.ts'
import { batchLimits } from './batch-limits.ts'
import { fileOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { sealedPath } from './parts.ts'
import { orderOf } from './retries.ts'
import type { Parked } from './park.ts'
import { SinkTrouble, sinkErrorIn } from './sink-trouble.ts'
import { SilentRedis } from './pulse.ts'
import { textOf } from './rows.ts'
import type { Counts } from './seal.ts'
import { countsOf } from './sealed.ts'
import { isChunkSigned, manifestProblem } from './signature.ts'
import type { SigningKeys } from './signature.ts'
import { surplusOf } from './surplus.ts'
import { workersOf } from './workers.ts'
import type { WorkerBatch } from './workers.ts'
import { OpenClient } from '../../client/open-client.ts'
import { isRecord } from '../../config/kinds.ts'
import type { Values } from '../../config/table.ts'
import { reasonOf } from '../../core/callback.ts'
import { ConfigError } from '../../core/error.ts'
import { systemReason } from '../../core/system-reason.ts'
import type { Telemetry } from '../../core/events.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

/** The options of a batch, as this process reads them. */
export interface Planned {
  readonly client: Values
  readonly call: Values
}

export interface WorkParts {
  readonly broker: Broker
  /** Undefined: all batches of this Redis, those that come later as well. */
  readonly batches: readonly string[] | undefined
  /** The folder of the results of the one batch, if this machine has it at another place. */
  readonly results: string | undefined
  readonly chunks: number
  readonly graceMs: number
  readonly untilEmpty: boolean
  /** Whether batches go on at an equal part of their rates while Redis is away. */
  readonly localShare: boolean
  readonly planOf: (manifest: Manifest) => Planned
  readonly say: (text: string) => void
  /** Hears of each attempt. */
  readonly telemetry?: Telemetry | undefined
  /** Default: half a minute. */
  readonly takeOver?: TakeOver | undefined
  /** How a process for requests that may end their process is started. Undefined: all requests are sent by this one. */
  readonly quarantine?: { readonly file: string; readonly more: unknown } | undefined
}

const monotonicMs = (): number => performance.now()
const LOOK_MS = 1_000
const UNTIL_EMPTY_LOOK_MS = 250
/** A chunk that is parked is not started again earlier. */
const LEAST_PARK_MS = 1_000
/** How long a worker without Redis takes to write what it has. */
const GIVE_UP_MS = 5_000
/** How long handing back may take, after the requests in flight have ended. */
const HAND_BACK_MS = 5_000
/** Node turns a longer delay into 1 ms, so a long grace would be over at once. */
const MAX_GRACE_MS = 2 ** 31 - 1 - HAND_BACK_MS

/** Resolves with undefined after the time. */
function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(late.resolve, ms, undefined)
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
/** A chunk whose requests are not all taken after this time lets the next one begin. */
const BEGIN_MS = 200

export class BatchWorker {
  readonly #parts: WorkParts
  readonly #open = new Map<string, OpenBatch>()
  /** Batches that are being closed: their requests in flight still finish. */
  readonly #closing = new Set<OpenBatch>()
  /** Batches without work for this worker. They have no connection here until they are continued. */
  readonly #over = new Map<string, Ended>()
  /** By the name of the batch. Kept for as long as Redis knows the batch. */
  readonly #counts = new Map<string, LiveCounts>()
  readonly #heartbeat: Heartbeat
  /** Batches that this worker does not run, with their ids. */
  readonly #refused = new Map<string, string>()
  /** Named batches that did not exist when they were looked for. */
  readonly #awaited = new Set<string>()
  readonly #turns = new Turns()
  #connection: Redis | undefined
  #stopping: Promise<void> | undefined
  #wake: (() => void) | undefined

  constructor(parts: WorkParts) {
    this.#parts = parts
    this.#heartbeat = new Heartbeat({
      broker: parts.broker,
      state: () => (this.isStopping ? 'stopping' : 'running'),
      batches: () => this.batches(),
      counts: this.#counts,
    })
  }

  /** What this worker has of each batch now. */
  batches(): WorkerBatch[] {
    return [...this.#open.values()].map(batch => batch.report())
  }

  /** What this worker has counted of each batch, since it was started. */
  get counts(): ReadonlyMap<string, LiveCounts> {
    return this.#counts
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined
  }

  /** Milliseconds since Redis has answered. */
  get redisAgeMs(): number {
    return this.#heartbeat.ageMs
  }

  /** Whether chunks were left that could not be run; `reconcile` tries them again. */
  get hasStuck(): boolean {
    return [...this.#over.values()].some(({ end }) => end === 'stuck')
  }

  /** Resolves when the worker was stopped, or, with `untilEmpty`, when all batches are done. */
  async run(): Promise<void> {
    const { broker } = this.#parts
    // BullMQ would try again for ever, in silence.
    await broker.proveWritable()
    const connection = await broker.connectWorker()
    this.#connection = connection
    this.#heartbeat.start(connection)
    try {
      await Promise.race([this.#serve(), this.#heartbeat.silence])
    } catch (error) {
      if (error instanceof SilentRedis) await this.#giveUp()
      throw error
    } finally {
      connection.disconnect()
    }
  }

  async #serve(): Promise<void> {
    const { untilEmpty } = this.#parts
    try {
      while (this.#stopping === undefined) {
        // Redis may be away for a while.
        const isOver = await this.#look().catch((error: unknown) => {
          if (!isOfRedis(error)) throw error
          return false
        })
        if (untilEmpty && isOver) break
        await this.#pause(untilEmpty ? UNTIL_EMPTY_LOOK_MS : LOOK_MS)
      }
    } finally {
      await this.stop()
      await this.#heartbeat.close()
    }
  }

  /** Writes what there is. Nothing is handed back: Redis would have to answer. */
  async #giveUp(): Promise<void> {
    this.#stopping ??= Promise.resolve()
    this.#wake?.()
    await Promise.all(this.#all().map(batch => batch.giveUp()))
  }

  /** Hands back what is not finished. Resolves when that is done. */
  stop(): Promise<void> {
    this.#stopping ??= Promise.all(this.#all().map(batch => batch.close())).then(() => undefined)
    this.#wake?.()
    return this.#stopping
  }

  /** Aborts the requests in flight as well, at once. */
  abort(): void {
    for (const batch of this.#all()) batch.abort()
  }

  #all(): OpenBatch[] {
    return [...this.#open.values(), ...this.#closing]
  }

  #pause(forMs: number): Promise<void> {
    return new Promise(wake => {
      const timer = setTimeout(wake, forMs)
      this.#wake = () => {
        clearTimeout(timer)
        wake()
      }
      if (this.#stopping !== undefined) this.#wake()
    })
  }

  /** Opens batches that have work, and closes those that have none. Resolves with true if all of them are over. */
  async #look(): Promise<boolean> {
    const { broker, batches } = this.#parts
    const names = batches ?? (await broker.batches())
    if (batches === undefined) this.#forgetOthers(new Set(names))
    const over = await broker.stillOver(this.#over)
    let isOver = names.length > 0 || batches === undefined
    for (const name of names) {
      const open = this.#open.get(name)
      if (open === undefined && over.has(name)) continue
      const state = await (open === undefined ? this.#begin(name) : open.look())
      if (this.#stopping !== undefined) return false
      if (typeof state === 'object') this.#over.set(name, state)
      else this.#over.delete(name)
      const isIdle = typeof state === 'object' && !state.hasJobs && open?.isIdle === true
      if (open !== undefined && (state === 'gone' || isIdle)) this.#close(name, open)
      isOver &&= typeof state === 'object' || state === 'refused'
    }
    return isOver
  }

  /** Batches that were deleted, or that Redis has lost. */
  #forgetOthers(names: ReadonlySet<string>): void {
    for (const [name, open] of this.#open) if (!names.has(name)) this.#close(name, open)
    for (const name of this.#over.keys()) if (!names.has(name)) this.#over.delete(name)
    for (const name of this.#refused.keys()) if (!names.has(name)) this.#refused.delete(name)
    for (const [name, counts] of this.#counts) {
      const isUsed = names.has(name) || this.#all().some(({ batch }) => batch === name)
      if (!isUsed && counts.isTold) this.#counts.delete(name)
    }
  }

  /** In the background: requests in flight may take a while, and other batches go on. */
  #close(name: string, open: OpenBatch): void {
    this.#open.delete(name)
    this.#closing.add(open)
    open.close().then(
      () => this.#closing.delete(open),
      (error: unknown) => {
        this.#closing.delete(open)
        this.#parts.say(`batch ${name}: could not be closed: ${reasonOf(error)}`)
      },
    )
  }

  /** A batch that is named and does not exist yet is waited for. */
  async #sayAwaited(name: string): Promise<void> {
    if (this.#awaited.has(name)) return
    this.#awaited.add(name)
    const known = await this.#parts.broker.batches()
    if (known.includes(name)) return
    const there = known.length === 0 ? 'There is none' : `There are: ${known.join(', ')}`
    this.#parts.say(`batch ${name} is not at this Redis yet, and is waited for. ${there}.`)
  }

  /** Opens a batch if it has work. */
  async #begin(name: string): Promise<BatchState> {
    const { broker, planOf, results, localShare, say, batches } = this.#parts
    // It has been continued while it was being closed.
    if (this.#all().some(({ batch }) => batch === name)) return 'open'
    const manifest = await broker.manifest(name)
    if (manifest === undefined) {
      if (batches !== undefined) await this.#sayAwaited(name)
      return 'gone'
    }
    if (this.#refused.get(name) === manifest.id) return 'refused'
    try {
      checkVersion(manifest)
      checkSigned(manifest, broker.keys)
      const folder = results === undefined ? manifest.results : resolve(results)
      if (!existsSync(fileOf(folder, 'manifest'))) throw noFolder(manifest, folder)
      const ended = await broker.endOf(manifest)
      if (ended?.hasJobs === false) return ended
      const { client, call } = planOf(manifest)
      const limits = { redis: broker.redis, place: broker.place, localShare, say }
      const sharedLimits = await batchLimits(manifest, folder, limits)
      const planned = { client: { ...client, sharedLimits }, call }
      // Told to stop meanwhile: `stop` closes those that are open by then.
      if (this.#stopping !== undefined) return 'open'
      const counts = this.#counts.get(name) ?? new LiveCounts()
      const { id } = this.#heartbeat
      const connection = this.#connection as Redis
      const open = new OpenBatch(this.#parts, id, manifest, folder, planned, connection, counts, this.#turns)
      this.#counts.set(name, counts)
      this.#open.set(name, open)
      return 'open'
    } catch (error) {
      if (!(error instanceof Error) || batches !== undefined) throw error
      this.#refused.set(name, manifest.id)
      say(`batch ${name} is left to other workers: ${error.message}`)
      return 'refused'
    }
  }
}

function checkVersion({ batch, version }: Manifest): void {
  if (version === PACKAGE_VERSION) return
  throw new ConfigError([
    `batch: ${batch} was submitted with parallel-requests ${version}, and this worker has ${PACKAGE_VERSION}. Use the same version.`,
  ])
}

/** A worker without a key runs all batches. */
function checkSigned(manifest: Manifest, keys: SigningKeys | undefined): void {
  const problem = keys === undefined ? undefined : manifestProblem(manifest, keys)
  if (problem !== undefined) throw new ConfigError([`batch: ${problem}`])
}

const noFolder = ({ batch }: Manifest, folder: string): ConfigError =>
  new ConfigError([`results: ${folder}, the folder of the batch ${batch}, is not there. Mount it, or say where it is.`])

/** The worker that has the chunk now hands it back. */
const unlessTakenAway = (moving: Promise<unknown>): Promise<unknown> =>
  moving.catch((error: unknown) => {
    if (!isTakenAway(error)) throw error
  })

/** `gone`: Redis does not know it, or has another batch of its name. `refused`: this worker does not run it. */
type BatchState = 'open' | 'gone' | 'refused' | Ended

/** A batch that this worker runs. */
class OpenBatch {
  readonly #parts: WorkParts
  readonly #workerId: string
  readonly #manifest: Manifest
  readonly #results: string
  readonly #client: OpenClient
  readonly #call: Values
  readonly #index: ChunkIndex
  readonly #worker: Worker
  readonly #runs = new Set<ChunkRun | QuarantinedRun>()
  readonly #holds = new Holds()
  readonly #endings = new Set<Promise<unknown>>()
  readonly #lineup = new Lineup(BEGIN_MS)
  readonly #quarantine: Quarantine | undefined
  readonly #turns: Turns
  readonly #sink: SinkTrouble
  readonly #counts: LiveCounts
  #state: 'running' | 'paused' | 'cancelled' | 'closing' = 'running'
  #closing: Promise<void> | undefined

  /** @param workerId the id under which the worker tells of itself */
  constructor(
    parts: WorkParts,
    workerId: string,
    manifest: Manifest,
    results: string,
    planned: Planned,
    connection: Redis,
    counts: LiveCounts,
    turns: Turns,
  ) {
    this.#parts = parts
    this.#workerId = workerId
    this.#counts = counts
    this.#turns = turns
    this.#manifest = manifest
    this.#results = results
    this.#sink = new SinkTrouble(results)
    this.#client = new OpenClient(
      { ...planned.client, ...(parts.telemetry !== undefined && { telemetry: parts.telemetry }) },
      false,
    )
    this.#call = planned.call
    this.#index = new ChunkIndex(fileOf(results, 'index'), 'r')
    if (parts.quarantine !== undefined) {
      const { file, more } = parts.quarantine
      const { broker, localShare } = parts
      this.#quarantine = new Quarantine(file, {
        kind: 'open',
        broker: broker.url,
        tls: broker.tls,
        manifest,
        results,
        localShare,
        more,
      })
    }
    const run = (job: Job, token: string): Promise<unknown> => this.#process(job, token)
    this.#worker = parts.broker.worker(manifest.batch, connection, parts.chunks, run, parts.takeOver)
    this.#worker.on('stalled', () => void counts.stalled++)
    this.#worker.on('failed', (job, error) => {
      parts.say(`batch ${manifest.batch}: chunk ${String(job?.id)} could not be run: ${error.message}`)
    })
  }

  report(): WorkerBatch {
    const { rate } = this.#counts
    return {
      batch: this.#manifest.batch,
      chunks: this.#runs.size,
      inFlight: this.#client.stats().running,
      rate: Math.round(rate * 10) / 10,
    }
  }

  get batch(): string {
    return this.#manifest.batch
  }

  /** It has no chunk open. */
  get isIdle(): boolean {
    return this.#runs.size === 0
  }

  /** Follows what was asked of the batch. */
  async look(): Promise<BatchState> {
    const { broker } = this.#parts
    const { batch, id } = this.#manifest
    await this.#holds.look(broker, batch, monotonicMs)
    for (const run of this.#runs) if (run instanceof ChunkRun) run.parkIfIdle()
    await this.#lookAtSink()
    // Redis may have lost it, which `reconcile` repairs, or it was deleted.
    if ((await broker.manifest(batch))?.id !== id) return 'gone'
    const { cancelled } = await broker.state(batch)
    if (cancelled === '1') this.#become('cancelled')
    else if (await broker.queue(batch).isPaused()) this.#become('paused')
    else this.#become('running')
    if (this.#state === 'running') await this.#share()
    return (await broker.endOf(this.#manifest)) ?? 'open'
  }

  /** Hands chunks over to a worker that has fewer, if the queue has none left. What they have sent is in their parts. */
  async #share(): Promise<void> {
    const { broker, chunks } = this.#parts
    const { batch } = this.#manifest
    this.#worker.concurrency = chunks
    const unfinished = this.#unfinished()
    if (unfinished.length < 2 || (await broker.queue(batch).getWaitingCount()) > 0) return
    const workers = await workersOf(broker)
    const surplus = surplusOf(unfinished.length, batch, this.#workerId, workers)
    if (surplus === 0 || this.#state !== 'running') return
    // Otherwise this worker would take them again at once.
    this.#worker.concurrency = Math.max(1, this.#runs.size - surplus)
    for (const run of this.#unfinished().slice(-surplus)) run.stop()
  }

  /** In the order in which they were taken. A chunk that may end its process stays where it is. */
  #unfinished(): ChunkRun[] {
    return [...this.#runs].filter((run): run is ChunkRun => run instanceof ChunkRun && run.hasRest)
  }

  #become(state: 'running' | 'paused' | 'cancelled'): void {
    if (this.#state === 'closing' || this.#state === state) return
    this.#state = state
    if (state === 'paused') for (const run of this.#runs) run.stop()
    if (state === 'cancelled') for (const run of this.#runs) run.abort()
  }

  abort(): void {
    for (const run of this.#runs) run.abort()
  }

  /** Resolves when the requests in flight are aborted and the results of others are written, or soon after that. */
  async giveUp(): Promise<void> {
    this.#state = 'closing'
    void this.#worker.close(true).catch(() => undefined)
    this.abort()
    await within(GIVE_UP_MS, Promise.allSettled(this.#endings))
    this.#quarantine?.close()
    await within(GIVE_UP_MS, this.#client.close())
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#state = this.#state === 'cancelled' ? 'cancelled' : 'closing'
    await this.#worker.pause(true)
    for (const run of this.#runs) run.stop()
    const { broker, say } = this.#parts
    const graceMs = Math.min(this.#parts.graceMs, MAX_GRACE_MS)
    const { batch } = this.#manifest
    const abort = setTimeout(() => this.abort(), graceMs)
    const closing = this.#worker.close().then(() => true)
    try {
      if (await within(graceMs + HAND_BACK_MS, closing)) return await broker.closeQueue(batch)
      say(`batch ${batch}: Redis does not answer, so chunks are not handed back. They are taken over.`)
      void this.#worker.disconnect().catch(() => undefined)
    } finally {
      clearTimeout(abort)
      this.#quarantine?.close()
      await this.#client.close()
      this.#index.close()
    }
  }

  async #process(job: Job, token: string): Promise<unknown> {
    const chunk = this.#chunkOf(job)
    if (chunk === undefined) return this.#refuse(job, token)
    const name = chunkName(chunk.number)
    const before = this.#holds.get(name)
    if (before !== undefined) {
      // Its lock was lost, and its requests in flight still finish.
      before.lose()
      return this.#park(job, token, { untilMs: 0 })
    }
    const { lockMs } = this.#parts.takeOver ?? TAKE_OVER
    const takenMsAgo = Math.max(0, Date.now() - (job.processedOn ?? 0))
    const hold = new Hold({ job: name, token }, monotonicMs() + lockMs - Math.min(takenMsAgo, lockMs / 2))
    this.#holds.add(hold)
    try {
      return await this.#processHeld(job, chunk, hold)
    } finally {
      this.#holds.delete(hold)
    }
  }

  async #processHeld(job: Job, chunk: Chunk, hold: Hold): Promise<unknown> {
    const { broker } = this.#parts
    const { batch } = this.#manifest
    const { token } = hold.lock
    // It may have been resumed since it was last looked at.
    if (this.#state === 'paused' || this.#state === 'cancelled') await patiently(() => this.look())
    if (await patiently(() => broker.isDone(batch, chunk.number))) return null
    const { number } = chunk
    const generation = (job.data as ChunkJob).generation ?? 0
    const sealed = sealedPath(this.#results, number, generation)
    const end = existsSync(sealed) ? await countsOf(sealed) : await this.#run(job, chunk, hold)
    if (end === undefined) return this.#handBack(job, token)
    if ('untilMs' in end) return this.#park(job, token, end)
    this.#sink.worked()
    await patiently(() => broker.markDone(this.#manifest, { number, generation, counts: end }))
    return end
  }

  async #park(job: Job, token: string, { untilMs }: Parked): Promise<never> {
    await unlessTakenAway(job.moveToDelayed(Math.max(untilMs, Date.now() + LEAST_PARK_MS), token))
    throw this.#parts.broker.delayed()
  }

  async #handBack(job: Job, token: string): Promise<never> {
    await unlessTakenAway(job.moveToWait(token))
    throw this.#parts.broker.waiting()
  }

  async #refuse(job: Job, token: string): Promise<never> {
    const { broker } = this.#parts
    const { batch, id } = this.#manifest
    const now = await patiently(() => broker.manifest(batch))
    if (now !== undefined && now.id !== id) {
      // The batch was deleted, and its name was given to another one, which `look` finds in a moment.
      await this.#worker.pause(true)
      return this.#handBack(job, token)
    }
    const others = broker.keys === undefined ? '' : ', or is not signed with a key of this worker'
    throw broker.unrecoverable(`it is not a chunk of this batch${others}, so it is not run`)
  }

  async #run(job: Job, chunk: Chunk, hold: Hold): Promise<Counts | Parked | undefined> {
    if (this.#state !== 'running' || this.#sink.isDown) return undefined
    const manifest = this.#manifest
    const data = job.data as ChunkJob
    const text = await textOf(manifest, chunk, data, this.#results)
    const order = data.generation === undefined ? undefined : await orderOf(this.#results, chunk, data.generation)
    const parts = {
      client: this.#client,
      call: this.#call,
      manifest,
      results: this.#results,
      chunk,
      text,
      starts: job.attemptsStarted,
      counts: this.#counts,
      order,
      isHeld: () => hold.isHeld(monotonicMs()),
    }
    const isSuspect = job.stalledCounter > 0 || isSuspected(this.#results, chunk.number)
    const quarantine = isSuspect ? this.#quarantine : undefined
    const run =
      quarantine === undefined
        ? new ChunkRun({ ...parts, lineup: this.#lineup })
        : new QuarantinedRun({ ...parts, quarantine, turns: this.#turns })
    this.#runs.add(run)
    hold.attach(run)
    // Told to stop while its rows were read.
    if ((this.#state as string) !== 'running') run.stop()
    const ending = run.run()
    this.#endings.add(ending)
    try {
      return await ending
    } catch (error) {
      // The process that has sealed the chunk has removed the parts that this one was reading.
      const sealed = sealedPath(this.#results, chunk.number)
      if (existsSync(sealed)) return await countsOf(sealed)
      const trouble = sinkErrorIn(error)
      if (trouble === undefined) throw error
      await this.#sinkFailed(trouble)
      return undefined
    } finally {
      this.#endings.delete(ending)
      this.#runs.delete(run)
    }
  }

  /** Takes no chunks until the results can be written again: what is sent meanwhile would be sent again. */
  async #sinkFailed(error: unknown): Promise<void> {
    if (!this.#sink.began(Date.now())) return
    const { batch } = this.#manifest
    this.#parts.say(
      `batch ${batch}: cannot write to ${this.#results}: ${systemReason(error)}. Its chunks wait until that works again.`,
    )
    await this.#worker.pause(true)
    for (const run of this.#runs) run.stop()
  }

  async #lookAtSink(): Promise<void> {
    if (!this.#sink.isDown || this.#state === 'closing' || !(await this.#sink.isOver(Date.now()))) return
    if ((this.#state as string) === 'closing') return
    this.#parts.say(`batch ${this.#manifest.batch}: ${this.#results} can be written again.`)
    await this.#worker.resume()
  }

  /** The chunk of a job; undefined if this package has not written it for this batch: a job says what is sent. */
  #chunkOf(job: Job): Chunk | undefined {
    const data: unknown = job.data
    const { id } = this.#manifest
    if (job.name !== JOB || !isRecord(data)) return undefined
    const { batch, number, digest } = data as Partial<ChunkJob>
    if (batch !== id || typeof number !== 'number') return undefined
    const { keys } = this.#parts.broker
    if (keys !== undefined && !isChunkSigned(data as unknown as ChunkJob, this.#manifest, keys)) return undefined
    const chunk = this.#index.read(number)
    return chunk?.digest === digest && job.id === chunkName(number) ? chunk : undefined
  }
}
