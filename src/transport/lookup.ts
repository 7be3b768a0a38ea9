/**
 * Host names → addresses, cached for a short time. Node asks the system for every new connection, in a pool of four
 * threads that file access needs as well.
 *
 * One lookup per name at a time, however many attempts wait for it, and few names at once. An attempt that gives up
 * leaves the queue. A running lookup cannot be cancelled, so one that hangs stops counting after a while and others
 * start (libuv gives at most half of its pool to lookups).
 */
import dns from 'node:dns'
import type { LookupAddress, LookupOptions } from 'node:dns'
import type { Clock } from '../core/ports.ts'
import { Ring } from '../core/ring.ts'

export type LookupCallback = (error: unknown, addresses: readonly LookupAddress[]) => void

/** Asks for all addresses of a name and calls `answer` once. */
export type AskNames = (hostname: string, options: LookupOptions, answer: LookupCallback) => void

/** An attempt that waits for a name. */
export interface LookupWaiter {
  /** Its answer is no longer needed. */
  leave(): void
}

/** getaddrinfo gives no lifetime; browsers keep its answer for a minute. Short, so that a host may move. */
const FOUND_MS = 10_000
/** RFC 2308 keeps missing names for minutes; a batch with a typo asks once. */
const NOT_FOUND_MS = 30_000
/** A lookup that takes longer than the resolver's own first timeout probably hangs. */
const HUNG_MS = 5_000
const MAX_CACHED_NAMES = 1_000

/** Half of libuv's pool, which is what libuv gives to lookups. */
const atOnce = (): number => Math.max(2, Math.floor(Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) / 2) || 2)

/** A name that at least one attempt waits for. */
interface PendingLookup {
  readonly key: string
  readonly hostname: string
  readonly options: LookupOptions
  readonly waiters: Set<LookupCallback>
}

interface CachedAnswer {
  readonly error: unknown
  readonly addresses: readonly LookupAddress[]
  readonly untilMs: number
}

export class Names {
  readonly #ask: AskNames
  readonly #clock: Clock
  readonly #atOnce: number
  /** Oldest first. */
  readonly #known = new Map<string, CachedAnswer>()
  readonly #asked = new Map<string, PendingLookup>()
  readonly #queue = new Ring<PendingLookup>()
  #running = 0

  constructor(ask: AskNames, clock: Clock, most = atOnce()) {
    this.#ask = ask
    this.#clock = clock
    this.#atOnce = most
  }

  /** Calls `answer` only after it has returned, because Node adds its listeners after that. */
  find(hostname: string, options: LookupOptions, answer: LookupCallback): LookupWaiter {
    const key = lookupKey(hostname, options)
    const known = this.#known.get(key)
    if (known !== undefined && known.untilMs > this.#clock.now()) {
      let left = false
      process.nextTick(() => left || answer(known.error, known.addresses))
      return { leave: () => void (left = true) }
    }
    const asked = this.#asked.get(key) ?? this.#enqueue({ key, hostname, options, waiters: new Set() })
    // The same function may be waiting twice.
    const waiter: LookupCallback = (error, addresses) => answer(error, addresses)
    asked.waiters.add(waiter)
    return { leave: () => void asked.waiters.delete(waiter) }
  }

  /** The address did not work: looks the name up again next time, unless the answer is very recent. */
  forget(hostname: string): void {
    const olderMs = this.#clock.now() + FOUND_MS - FRESH_MS
    for (const [key, { error, untilMs }] of this.#known) {
      if (key.startsWith(`${hostname} `) && error === null && untilMs < olderMs) this.#known.delete(key)
    }
  }

  #enqueue(asked: PendingLookup): PendingLookup {
    this.#asked.set(asked.key, asked)
    this.#queue.push(asked)
    if (this.#running < this.#atOnce) process.nextTick(() => this.#next())
    return asked
  }

  #next(): void {
    while (this.#running < this.#atOnce) {
      const asked = this.#queue.shift()
      if (asked === undefined) return
      // All waiting attempts have given up.
      if (asked.waiters.size === 0) this.#asked.delete(asked.key)
      else this.#start(asked)
    }
  }

  #start(asked: PendingLookup): void {
    this.#running++
    let counts = true
    const leave = (): void => {
      hung.cancel()
      if (!counts) return
      counts = false
      this.#running--
      this.#next()
    }
    const hung = this.#clock.after(HUNG_MS, leave)
    this.#ask(asked.hostname, asked.options, (error, addresses) => {
      this.#learn(asked, error ?? null, addresses)
      leave()
    })
  }

  #learn({ key, waiters }: PendingLookup, error: unknown, addresses: readonly LookupAddress[]): void {
    this.#asked.delete(key)
    this.#known.delete(key)
    const forMs = error === null ? FOUND_MS : isNotFound(error) ? NOT_FOUND_MS : 0
    if (forMs > 0) this.#known.set(key, { error, addresses, untilMs: this.#clock.now() + forMs })
    if (this.#known.size > MAX_CACHED_NAMES) this.#known.delete(this.#known.keys().next().value as string)
    for (const answer of waiters) answer(error, addresses)
  }
}

/** An answer younger than this is not to blame for a failed connection. */
const FRESH_MS = 1_000

function lookupKey(hostname: string, { family, hints, order, verbatim }: LookupOptions): string {
  return `${hostname} ${family ?? 0} ${hints ?? 0} ${order ?? verbatim ?? dns.getDefaultResultOrder()}`
}

const isNotFound = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'ENOTFOUND'

// Read at the time of the call, so that a program may replace `dns.lookup` for everything.
const askSystem: AskNames = (hostname, options, answer) => {
  try {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => answer(error, error ? [] : addresses))
  } catch (error) {
    answer(error, [])
  }
}

let shared: Names | undefined

/** One cache for all clients of this thread. */
export function systemNames(clock: Clock): Names {
  return (shared ??= new Names(askSystem, clock))
}
