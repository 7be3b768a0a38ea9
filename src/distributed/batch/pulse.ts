/**
 * Whether Redis answers on one connection. A Redis that is away is waited for; one that can be connected to, and answers
 * nothing, may be a fault of this process, which a restart repairs.
 */
import type { Redis } from 'ioredis'

/** So long without an answer is too long. */
export const SILENT_MS = 30_000
/** And so many questions: a process that was stopped for a while has not asked. */
const QUESTIONS = 5

export class Pulse {
  #answeredMs: number
  /** When no connection could be made, last. */
  #awayMs = -Infinity
  #unanswered = 0

  constructor(nowMs: number) {
    this.#answeredMs = nowMs
  }

  /** An error of Redis is an answer, too. */
  answered(nowMs: number): void {
    this.#answeredMs = nowMs
    this.#unanswered = 0
  }

  unanswered(): void {
    this.#unanswered++
  }

  away(nowMs: number): void {
    this.#awayMs = nowMs
  }

  /** Since the last answer. */
  ageMs(nowMs: number): number {
    return nowMs - this.#answeredMs
  }

  /** Connected, and without an answer for too long. */
  isSilent(nowMs: number): boolean {
    return this.#unanswered >= QUESTIONS && nowMs - Math.max(this.#answeredMs, this.#awayMs) >= SILENT_MS
  }
}

/** Notes when no connection can be made. Errors of a connection that was made are no news: its questions fail. */
export function noteAway(redis: Pick<Redis, 'on'>, pulse: Pulse): void {
  redis.on('error', ({ syscall }: NodeJS.ErrnoException) => {
    if (syscall === 'connect' || syscall === 'getaddrinfo') pulse.away(performance.now())
  })
}

export class SilentRedis extends Error {
  override readonly name = 'SilentRedis'

  constructor(place: string) {
    super(
      `Redis at ${place} has not answered for ${SILENT_MS / 1_000} s, although it can be connected to. This worker ends, so that it is started again; other workers take its chunks over.`,
    )
  }
}
