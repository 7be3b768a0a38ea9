/**
 * How many attempts all clients of a process may have on the wire at once. Each may need a socket, and all clients
 * share the process's file descriptors and ports.
 *
 * A Limit, so that a request without a socket waits in the gate's queue: no timeout runs and no token is spent. If the
 * system refuses a socket all the same, the budget shrinks below what was in use, rests for a moment and grows back.
 */
import type { Limit } from './limit.ts'

/** The share of one client. */
export interface SocketLimit extends Limit {
  readonly running: number
}

/** What a client tells the budget. */
export interface Spender {
  /** Whether a request waits at this client's limit. */
  readonly wants: () => boolean
  /** Called when there may be a socket for the client. */
  readonly wake: () => void
}

interface Account extends Spender {
  running: number
  /** Sequence number of the last time it got a socket. */
  servedAt: number
}

/** Rest after the system refused a socket. Doubles with each further refusal, up to MAX_REST_MS. */
const REST_MS = 25
const MAX_REST_MS = 1_000
/** A refusal within this time of the end of the last rest counts as a further one. */
const CALM_MS = 1_000
const SHRINK_TO = 0.5
/**
 * Time in which the budget doubles without a refusal. Slow, because what ran short may be scarcer than the system's
 * limit says.
 */
const DOUBLE_MS = 10_000

export class SocketBudget {
  readonly size: number
  readonly #later: (work: () => void) => void
  /** Clients that were refused a socket and want to be woken. */
  readonly #refused = new Set<Account>()
  #running = 0
  #turns = 0
  #isWaking = false
  #shrunkTo = Infinity
  #shrunkAtMs = -Infinity
  #restMs = 0
  #restsUntilMs = -Infinity

  /**
   * @param later runs the work after the current task
   */
  constructor(size: number, later: (work: () => void) => void) {
    this.size = size
    this.#later = later
  }

  get running(): number {
    return this.#running
  }

  /** How many sockets may be in use now. */
  max(nowMs: number): number {
    if (this.#shrunkTo === Infinity) return this.size
    return Math.min(this.size, Math.floor(this.#shrunkTo * 2 ** ((nowMs - this.#shrunkAtMs) / DOUBLE_MS)))
  }

  /** The system has refused a socket to an attempt admitted at `admittedAtMs`. */
  shrink(admittedAtMs: number, nowMs: number): void {
    // Attempts that were in flight together count as one refusal.
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
      waitsFor: 'slot',
      label: 'the number of open sockets',
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

  /** Changes nothing except which clients are woken by the next release. */
  #waitMs(account: Account, nowMs: number): number {
    if (nowMs < this.#restsUntilMs) return this.#restsUntilMs - nowMs
    if (this.#running < this.max(nowMs) && !this.#mustYield(account)) return 0
    this.#refused.add(account)
    return this.#growsInMs(nowMs)
  }

  /**
   * Time until a shrunken budget may have grown by one socket. A release wakes the clients, but no release announces
   * the growth.
   */
  #growsInMs(nowMs: number): number {
    const max = this.max(nowMs)
    if (max >= this.size || this.#running >= this.size) return Infinity
    // A socket is free, but another client is first. Its turn is soon over.
    if (this.#running < max) return REST_MS
    const atMs = this.#shrunkAtMs + DOUBLE_MS * Math.log2((this.#running + 1) / this.#shrunkTo)
    return Math.max(1, Math.ceil(atMs - nowMs))
  }

  /** Whether a waiting client has fewer sockets, or as many and was served longer ago. */
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
      // A client that got a socket may get another one when its turn comes again.
      if (next.servedAt === servedAt) served.add(next)
    }
  }
}

function isBefore(a: Account, b: Account): boolean {
  return a.running < b.running || (a.running === b.running && a.servedAt < b.servedAt)
}
