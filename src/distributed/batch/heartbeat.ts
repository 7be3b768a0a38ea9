/** Tells Redis once a second that a worker lives, and what it has counted since. Notices when Redis does not answer. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Redis } from 'ioredis'
import type { Broker } from './broker.ts'
import { Pulse, SilentRedis, noteAway } from './pulse.ts'
import type { LiveCounts } from './live-counts.ts'
import { tell } from './workers.ts'
import type { WorkerBatch, WorkerReport } from './workers.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

const BEAT_MS = 1_000
/** Slower: its answers come behind those of the commands of BullMQ. */
const QUEUE_MS = 3_000

const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'

export interface HeartbeatParts {
  readonly broker: Broker
  readonly state: () => WorkerReport['state']
  readonly batches: () => readonly WorkerBatch[]
  /** By the name of the batch. */
  readonly counts: ReadonlyMap<string, LiveCounts>
}

export class Heartbeat {
  readonly #parts: HeartbeatParts
  /** Of the worker. */
  readonly id = randomUUID()
  readonly #startedAt = new Date().toISOString()
  readonly #silent = Promise.withResolvers<never>()
  readonly #calls = new Pulse(performance.now())
  #timer: NodeJS.Timeout | undefined
  #watching: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
    this.#silent.promise.catch(() => undefined)
    noteAway(parts.broker.redis, this.#calls)
  }

  /** Rejects with a SilentRedis when Redis can be connected to, and does not answer. */
  get silence(): Promise<never> {
    return this.#silent.promise
  }

  /** Milliseconds since Redis has answered. */
  get ageMs(): number {
    return this.#calls.ageMs(performance.now())
  }

  /**
   * The first beat is sent at once, and does not delay the worker.
   *
   * @param queue the connection on which chunks are taken: it is watched as well
   */
  start(queue: Redis): void {
    this.#beating = this.#beat()
    this.#watch(queue)
    // What the worker waits for keeps the process alive, not its heart.
    this.#timer = setInterval(() => {
      for (const counts of this.#parts.counts.values()) counts.mark(performance.now())
      this.#beating ??= this.#beat()
    }, BEAT_MS).unref()
  }

  /** Says what is left to say, and goodbye. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    clearInterval(this.#watching)
    await this.#beating
    await this.#tell(undefined)
  }

  /** One question at a time: this connection keeps questions while Redis is away. */
  #watch(queue: Redis): void {
    const pulse = new Pulse(performance.now())
    noteAway(queue, pulse)
    let isAsked = false
    this.#watching = setInterval(() => {
      if (isAsked) pulse.unanswered()
      else {
        isAsked = true
        queue.ping().then(
          () => {
            pulse.answered(performance.now())
            isAsked = false
          },
          () => (isAsked = false),
        )
      }
      this.#judge(pulse)
    }, QUEUE_MS).unref()
  }

  #judge(pulse: Pulse): void {
    if (pulse.isSilent(performance.now())) this.#silent.reject(new SilentRedis(this.#parts.broker.place))
  }

  async #beat(): Promise<void> {
    const { state, batches } = this.#parts
    await this.#tell({
      id: this.id,
      host: hostname(),
      pid: process.pid,
      version: PACKAGE_VERSION,
      startedAt: this.#startedAt,
      state: state(),
      batches: batches(),
    })
    this.#beating = undefined
  }

  async #tell(report: WorkerReport | undefined): Promise<void> {
    const { broker, counts } = this.#parts
    const open = [...counts].map(([batch, one]) => [batch, one.untold()] as const)
    const news = new Map(open.filter(([, counted]) => Object.values(counted).some(number => number > 0)))
    try {
      await tell(broker, this.id, report, news)
      for (const [batch, counted] of news) counts.get(batch)?.told(counted)
      this.#calls.answered(performance.now())
    } catch (error) {
      // What was not told is told by the next beat.
      if (isReply(error)) this.#calls.answered(performance.now())
      else this.#calls.unanswered()
      this.#judge(this.#calls)
    }
  }
}
