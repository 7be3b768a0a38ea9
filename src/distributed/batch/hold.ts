/**
 * How long a worker has a chunk. BullMQ prolongs the lock of the chunk in Redis; when it is lost, another worker may have
 * the chunk, so no more of its requests may begin. The time is known without Redis, too: a process that was stopped for a
 * while, or is cut off from Redis, knows that its lock has expired.
 */
import type { Broker, ChunkLock } from './broker.ts'

export interface HeldRun {
  stop(): void
}

/** The hold on one chunk. Times are monotonic. */
export class Hold {
  readonly lock: ChunkLock
  #untilMs: number
  #run: HeldRun | undefined
  #isLost = false

  constructor(lock: ChunkLock, untilMs: number) {
    this.lock = lock
    this.#untilMs = untilMs
  }

  /** What is stopped when the hold is lost. */
  attach(run: HeldRun): void {
    this.#run = run
    if (this.#isLost) run.stop()
  }

  isHeld(nowMs: number): boolean {
    return !this.#isLost && nowMs < this.#untilMs
  }

  /** @param remainingMs of the lock, when `askedMs` was */
  learn(askedMs: number, remainingMs: number): void {
    if (remainingMs > 0) this.#untilMs = Math.max(this.#untilMs, askedMs + remainingMs)
    else this.lose()
  }

  lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#run?.stop()
  }
}

/** The chunks of a batch that a worker has, by their jobs. */
export class Holds {
  readonly #held = new Map<string, Hold>()

  get(job: string): Hold | undefined {
    return this.#held.get(job)
  }

  add(hold: Hold): void {
    this.#held.set(hold.lock.job, hold)
  }

  delete(hold: Hold): void {
    this.#held.delete(hold.lock.job)
  }

  /** Stops what runs without a lock. */
  async look(broker: Pick<Broker, 'remainingMs'>, batch: string, now: () => number): Promise<void> {
    const holds = [...this.#held.values()]
    const askedMs = now()
    const remaining = await broker.remainingMs(
      batch,
      holds.map(({ lock }) => lock),
    )
    for (const [nth, hold] of holds.entries()) hold.learn(askedMs, remaining[nth] as number)
  }
}
