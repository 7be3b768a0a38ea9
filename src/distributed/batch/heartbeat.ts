/** Tells Redis once a second that a worker lives, and what it has counted since. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Broker } from './broker.ts'
import type { LiveCounts } from './live-counts.ts'
import { tell } from './workers.ts'
import type { WorkerBatch, WorkerReport } from './workers.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'

const BEAT_MS = 1_000

export interface HeartbeatParts {
  readonly broker: Broker
  readonly state: () => WorkerReport['state']
  readonly batches: () => readonly WorkerBatch[]
  /** By the name of the batch. */
  readonly counts: ReadonlyMap<string, LiveCounts>
}

export class Heartbeat {
  readonly #parts: HeartbeatParts
  readonly #id = randomUUID()
  readonly #startedAt = new Date().toISOString()
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined

  constructor(parts: HeartbeatParts) {
    this.#parts = parts
  }

  /** The first beat is sent at once, and does not delay the worker. */
  start(): void {
    this.#beating = this.#beat()
    // What the worker waits for keeps the process alive, not its heart.
    this.#timer = setInterval(() => {
      for (const counts of this.#parts.counts.values()) counts.mark(performance.now())
      this.#beating ??= this.#beat()
    }, BEAT_MS).unref()
  }

  /** Says what is left to say, and goodbye. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    await this.#tell(undefined)
  }

  async #beat(): Promise<void> {
    const { state, batches } = this.#parts
    await this.#tell({
      id: this.#id,
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
      await tell(broker, this.#id, report, news)
      for (const [batch, counted] of news) counts.get(batch)?.told(counted)
    } catch {
      // What was not told is told by the next beat.
    }
  }
}
