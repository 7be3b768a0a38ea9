/** Leases from Redis: one script call for the rates of a host and of all hosts. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { HORIZON_MS } from './leases.ts'
import type { Lease, LeaseSource, SharedRate } from './leases.ts'
import { RemoteTime } from './remote-time.ts'
import { COOL_DOWN, LEASE, LEAVE } from './script.ts'
import { connectRedis, redisPlace, troubleOf } from '../redis.ts'
import type { Clock } from '../../core/ports.ts'
import { ConfigError } from '../../core/error.ts'

/** The connection of the leases: their own, or one that is used for other things as well. */
export interface RedisLink {
  /** The option or flag that the connection is from, for messages. */
  readonly subject: string
  /** Where it leads, without secrets. */
  readonly place: string
  /** Rejects with a ConfigError if Redis cannot be used. */
  open(): Promise<Redis>
  /** Makes the first call, which must work; a link may repeat it. */
  first<T>(call: () => Promise<T>): Promise<T>
  /** Whether the connection alone keeps the process alive. */
  hold(redis: Redis, isHeld: boolean): void
  close(redis: Redis): void
}

/** A connection of their own. */
export const ownLink = (url: string, subject: string): RedisLink => ({
  subject,
  place: redisPlace(url),
  open: () => connectRedis(url, subject, { connectionName: 'preq-limits' }),
  first: call => call(),
  hold({ stream }, isHeld) {
    const held = stream as { ref?(): void; unref?(): void } | undefined
    if (isHeld) held?.ref?.()
    else held?.unref?.()
  },
  close: redis => redis.disconnect(),
})

/** A connection whose owner opens and closes it. */
export const borrowedLink = (
  redis: Redis,
  { subject, place, first }: Pick<RedisLink, 'subject' | 'place' | 'first'>,
): RedisLink => ({
  subject,
  place,
  first,
  open: () => Promise.resolve(redis),
  hold: () => undefined,
  close: () => undefined,
})

/** How long the goodbye of a process may take. */
const LEAVE_MS = 500

type Script = (keys: number, ...args: (string | number)[]) => Promise<unknown>
type Scripted = Redis & { readonly preqLease: Script; readonly preqCoolDown: Script; readonly preqLeave: Script }

export class RedisLeases implements LeaseSource {
  readonly #link: RedisLink
  readonly #processes: string
  readonly #clock: Clock
  readonly #id = randomUUID()
  readonly #time = new RemoteTime()
  #redis: Scripted | undefined

  /** @param processes the key under which the processes are counted */
  constructor(link: RedisLink, processes: string, clock: Clock) {
    this.#link = link
    this.#processes = processes
    this.#clock = clock
  }

  /** Rejects with a ConfigError if Redis cannot be used, or not be written to. */
  async connect(): Promise<Lease> {
    const redis = await this.#link.open()
    redis.defineCommand('preqLease', { lua: LEASE })
    redis.defineCommand('preqCoolDown', { lua: COOL_DOWN })
    redis.defineCommand('preqLeave', { lua: LEAVE })
    this.#redis = redis as Scripted
    try {
      return await this.#link.first(() => this.lease([], 0))
    } catch (error) {
      this.#redis = undefined
      this.#link.close(redis)
      throw new ConfigError([`${this.#link.subject}: ${this.trouble(error)}`])
    }
  }

  /** What the error means, without the secrets of the URL. */
  trouble(error: unknown): string {
    return troubleOf(error, this.#link.place)
  }

  get roundTripMs(): number {
    return this.#time.roundTripMs
  }

  async lease(rates: readonly SharedRate[], slots: number): Promise<Lease> {
    const keys = [this.#processes, ...rates.map(({ key }) => key)]
    const numbers = rates.flatMap(({ spacing, burst }) => [spacing, burst])
    const sentMs = this.#clock.now()
    const reply = await this.#open().preqLease(keys.length, ...keys, this.#id, slots, HORIZON_MS * 1_000, ...numbers)
    const [granted, now, start, spacing, blockedBy, processes] = (reply as string[]).map(Number) as Reply
    this.#time.learn(sentMs, this.#clock.now(), now)
    return {
      slots: granted,
      startMs: this.#time.toMonotonicMs(start),
      spacingMs: spacing / 1_000,
      blockedBy,
      processes,
    }
  }

  /** No process gets slots of this rate for so long. */
  async coolDown(key: string, ms: number): Promise<void> {
    await this.#open().preqCoolDown(1, key, Math.ceil(ms * 1_000))
  }

  /** Whether the connection alone keeps the process alive. */
  hold(isHeld: boolean): void {
    if (this.#redis !== undefined) this.#link.hold(this.#redis, isHeld)
  }

  async close(): Promise<void> {
    const redis = this.#redis
    this.#redis = undefined
    if (redis === undefined) return
    const late = new Promise<void>(resolve => this.#clock.after(LEAVE_MS, resolve))
    // The others get its share at once instead of when it is missed.
    if (redis.status === 'ready')
      await Promise.race([redis.preqLeave(1, this.#processes, this.#id), late]).catch(() => undefined)
    this.#link.close(redis)
  }

  #open(): Scripted {
    if (this.#redis === undefined) throw new Error('Connection is closed.')
    return this.#redis
  }
}

type Reply = [slots: number, now: number, start: number, spacing: number, blockedBy: number, processes: number]
