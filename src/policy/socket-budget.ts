/**
 * How many attempts all clients of a process may have on the wire together, since each may need a socket: file
 * descriptors and ports are the process's, whoever uses them.
 *
 * As a Limit, so that who finds no socket waits at the gate: in line, with no clock running and no token spent. When the
 * system refuses a socket all the same, the budget shrinks below what was in use, rests for a moment and grows back.
 */
import type { Limit } from './limit.ts'

/** One client's share. */
export interface SocketLimit extends Limit {
  readonly running: number
}

/** What a client says of itself. */
export interface Spender {
  /** Whether anybody waits at its limit. */
  readonly wants: () => boolean
  /** There may be a socket for it. */
  readonly wake: () => void
}

interface Account extends Spender {
  running: number
  /** When it was served last, as a number that counts up. */
  servedAt: number
}

/** After a refusal by the system; twice as long after each further one, up to the longest. */
const REST_MS = 25
const MAX_REST_MS = 1_000
/** Refusals within this time of the one before mean that it is not over. */
const CALM_MS = 1_000
const SHRINK_TO = 0.5
/** Without a refusal it doubles in this time: what ran short may be less than the system's own limit says. */
const DOUBLE_MS = 10_000

export class SocketBudget {
  readonly size: number
  readonly #later: (work: () => void) => void
  /** Those that were refused and want to hear of it. */
  readonly #refused = new Set<Account>()
  #running = 0
  #turns = 0
  #isWaking = false
  #shrunkTo = Infinity
  #shrunkAtMs = -Infinity
  #restMs = 0
  #restsUntilMs = -Infinity

  /** @param later does the work when what goes on now is done */
  constructor(size: number, later: (work: () => void) => void) {
    this.size = size
    this.#later = later
  }

  get running(): number {
    return this.#running
  }

  /** How many sockets there may be now. */
  max(nowMs: number): number {
    if (this.#shrunkTo === Infinity) return this.size
    return Math.min(this.size, Math.floor(this.#shrunkTo * 2 ** ((nowMs - this.#shrunkAtMs) / DOUBLE_MS)))
  }

  /** The system has refused a socket to an attempt that was let through at `admittedAtMs`. */
  shrink(admittedAtMs: number, nowMs: number): void {
    // They were on their way together: one refusal, however many.
    if (admittedAtMs < this.#shrunkAtMs) return
    const again = nowMs - this.#restsUntilMs < CALM_MS
    this.#restMs = again ? Math.min(MAX_REST_MS, this.#restMs * 2) : REST_MS
    this.#restsUntilMs = nowMs + this.#restMs
    this.#shrunkTo = Math.max(1, Math.floor(Math.min(this.max(nowMs), this.#running + 1) * SHRINK_TO))
    this.#shrunkAtMs = nowMs
  }

  /** The limit of one client. */
  limit({ wants, wake }: Spender): SocketLimit {
    const account: Account = { wants, wake, running: 0, servedAt: 0 }
    return {
      waitsFor: 'place',
      get running() {
        return account.running
      },
      waitMs: nowMs => this.#waitMs(account, nowMs),
      book: () => {
        this.#running++
        account.running++
        account.servedAt = ++this.#turns
      },
      release: () => {
        this.#running--
        account.running--
        this.#wakeLater()
      },
    }
  }

  /** Changes nothing but who hears of the next release. */
  #waitMs(account: Account, nowMs: number): number {
    if (nowMs < this.#restsUntilMs) return this.#restsUntilMs - nowMs
    if (this.#running < this.max(nowMs) && !this.#mustYield(account)) return 0
    this.#refused.add(account)
    return this.#growsInMs(nowMs)
  }

  /** A release is told; that a shrunken budget has grown while attempts take their time, only the clock tells. */
  #growsInMs(nowMs: number): number {
    const max = this.max(nowMs)
    if (max >= this.size || this.#running >= this.size) return Infinity
    // There is room, for another client that was before: its turn is soon over.
    if (this.#running < max) return REST_MS
    const atMs = this.#shrunkAtMs + DOUBLE_MS * Math.log2((this.#running + 1) / this.#shrunkTo)
    return Math.max(1, Math.ceil(atMs - nowMs))
  }

  /** Another client waits that has less of it, or was served longer ago. */
  #mustYield(account: Account): boolean {
    for (const other of this.#refused) if (other !== account && isBefore(other, account) && other.wants()) return true
    return false
  }

  #wakeLater(): void {
    if (this.#isWaking || this.#refused.size === 0) return
    this.#isWaking = true
    this.#later(() => {
      this.#isWaking = false
      this.#wake()
    })
  }

  #wake(): void {
    const served = new Set<Account>()
    for (;;) {
      let next: Account | undefined
      for (const account of this.#refused) {
        if (!account.wants()) this.#refused.delete(account)
        else if (!served.has(account) && (next === undefined || isBefore(account, next))) next = account
      }
      if (next === undefined) return
      const { servedAt } = next
      next.wake()
      // Who got something may get more, when its turn comes again.
      if (next.servedAt === servedAt) served.add(next)
    }
  }
}

function isBefore(a: Account, b: Account): boolean {
  return a.running < b.running || (a.running === b.running && a.servedAt < b.servedAt)
}
