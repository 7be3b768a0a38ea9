/** Leases from Redis: one script call for the rates of a host and of all hosts. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { HORIZON_MS } from './leases.ts'
import type { Lease, LeaseSource, Looked, Outdated, SharedRate } from './leases.ts'
import { readLimits } from './named-limits.ts'
import type { SetLimits } from './named-limits.ts'
import { RemoteTime } from './remote-time.ts'
import { COOL_DOWN, LEASE, LEAVE, LOOK, RESTORE_LIMITS } from './script.ts'
import { connectRedis, redisPlace, troubleOf } from '../redis.ts'
import type { RedisSecurity } from '../redis-tls.ts'
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
export const ownLink = (url: string, subject: string, tls?: RedisSecurity): RedisLink => ({
  subject,
  place: redisPlace(url),
  open: () => connectRedis(url, subject, { connectionName: 'preq-limits', tls }),
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

const SCRIPTS = {
  preqLease: LEASE,
  preqLook: LOOK,
  preqCoolDown: COOL_DOWN,
  preqLeave: LEAVE,
  preqRestoreLimits: RESTORE_LIMITS,
}

type Scripted = Redis & Readonly<Record<keyof typeof SCRIPTS, Script>>

/** The key of the limits that were set for a name. @param prefix of all keys of the name */
export const limitsKey = (prefix: string): string => `${prefix}:limits`

export class RedisLeases implements LeaseSource {
  readonly #link: RedisLink
  readonly #keys: { readonly processes: string; readonly limits: string; readonly pauses: string }
  readonly #clock: Clock
  readonly #id = randomUUID()
  readonly #time = new RemoteTime()
  #lookedAtUs = 0
  #redis: Scripted | undefined

  /** @param prefix of all keys of the name */
  constructor(link: RedisLink, prefix: string, clock: Clock) {
    this.#link = link
    this.#keys = { processes: `${prefix}:processes`, limits: limitsKey(prefix), pauses: `${prefix}:pauses` }
    this.#clock = clock
  }

  /** Rejects with a ConfigError if Redis cannot be used, or not be written to. @param revision that is known */
  async connect(revision: number): Promise<Looked> {
    const redis = await this.#link.open()
    for (const [name, lua] of Object.entries(SCRIPTS)) redis.defineCommand(name, { lua })
    this.#redis = redis as Scripted
    try {
      return await this.#link.first(() => this.look(revision))
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

  async lease(rates: readonly SharedRate[], slots: number, revision: number): Promise<Lease | Outdated> {
    const { processes: counted, limits } = this.#keys
    const keys = [counted, limits, ...rates.map(({ key }) => key)]
    const numbers = rates.flatMap(({ spacing, burst }) => [spacing, burst])
    const sentMs = this.#clock.now()
    const horizonUs = HORIZON_MS * 1_000
    const reply = await this.#open().preqLease(keys.length, ...keys, this.#id, revision, slots, horizonUs, ...numbers)
    const [granted, now, start, spacing, blockedBy, processes, known] = (reply as string[]).map(Number) as Reply
    this.#time.learn(sentMs, this.#clock.now(), now)
    if (granted < 0) return { kind: 'outdated' }
    return {
      kind: 'lease',
      slots: granted,
      startMs: this.#time.toMonotonicMs(start),
      spacingMs: spacing / 1_000,
      blockedBy,
      processes,
      revision: known,
    }
  }

  /** Counts this process as living. @param known revision of the limits */
  async look(known: number): Promise<Looked> {
    const { processes: counted, limits, pauses } = this.#keys
    const sentMs = this.#clock.now()
    const args = [this.#id, known, this.#lookedAtUs]
    const reply = (await this.#open().preqLook(3, counted, limits, pauses, ...args)) as string[]
    const [now, processes, revision] = reply.slice(0, 3).map(Number) as [number, number, number]
    this.#time.learn(sentMs, this.#clock.now(), now)
    this.#lookedAtUs = now
    return {
      processes,
      revision,
      limits: readLimits(reply[3] as string),
      pauses: reply.slice(4).map(pause => {
        const at = pause.indexOf(' ')
        return { lane: pause.slice(at + 1), untilMs: this.#time.toMonotonicMs(Number(pause.slice(0, at))) }
      }),
    }
  }

  /** No process gets slots of this rate for so long. @param lane that other processes are told */
  async coolDown(key: string, ms: number, lane: string): Promise<void> {
    await this.#open().preqCoolDown(2, key, this.#keys.pauses, Math.ceil(ms * 1_000), lane)
  }

  /** Puts limits back that Redis has lost. */
  async restore({ revision, limits }: SetLimits): Promise<void> {
    await this.#open().preqRestoreLimits(1, this.#keys.limits, revision, JSON.stringify(limits))
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
      await Promise.race([redis.preqLeave(1, this.#keys.processes, this.#id), late]).catch(() => undefined)
    this.#link.close(redis)
  }

  #open(): Scripted {
    if (this.#redis === undefined) throw new Error('Connection is closed.')
    return this.#redis
  }
}

type Reply = [
  slots: number,
  now: number,
  start: number,
  spacing: number,
  blockedBy: number,
  processes: number,
  revision: number,
]
