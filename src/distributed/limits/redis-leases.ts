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

/** How long the goodbye of a process may take. */
const LEAVE_MS = 500

type Script = (keys: number, ...args: (string | number)[]) => Promise<unknown>
type Scripted = Redis & { readonly preqLease: Script; readonly preqCoolDown: Script; readonly preqLeave: Script }

export class RedisLeases implements LeaseSource {
  readonly #url: string
  readonly #subject: string
  readonly #processes: string
  readonly #clock: Clock
  readonly #id = randomUUID()
  readonly #time = new RemoteTime()
  #redis: Scripted | undefined

  /** @param processes the key under which the processes are counted */
  constructor(url: string, subject: string, processes: string, clock: Clock) {
    this.#url = url
    this.#subject = subject
    this.#processes = processes
    this.#clock = clock
  }

  /** Rejects with a ConfigError if Redis cannot be used, or not be written to. */
  async connect(): Promise<Lease> {
    const redis = await connectRedis(this.#url, this.#subject, { connectionName: 'preq-limits' })
    redis.defineCommand('preqLease', { lua: LEASE })
    redis.defineCommand('preqCoolDown', { lua: COOL_DOWN })
    redis.defineCommand('preqLeave', { lua: LEAVE })
    this.#redis = redis as Scripted
    try {
      return await this.lease([], 0)
    } catch (error) {
      this.#redis = undefined
      redis.disconnect()
      throw new ConfigError([`${this.#subject}: ${this.trouble(error)}`])
    }
  }

  /** What the error means, without the secrets of the URL. */
  trouble(error: unknown): string {
    return troubleOf(error, redisPlace(this.#url))
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
    const stream = this.#redis?.stream as { ref?(): void; unref?(): void } | undefined
    if (isHeld) stream?.ref?.()
    else stream?.unref?.()
  }

  async close(): Promise<void> {
    const redis = this.#redis
    this.#redis = undefined
    if (redis === undefined) return
    const late = new Promise<void>(resolve => this.#clock.after(LEAVE_MS, resolve))
    // The others get its share at once instead of when it is missed.
    if (redis.status === 'ready')
      await Promise.race([redis.preqLeave(1, this.#processes, this.#id), late]).catch(() => undefined)
    redis.disconnect()
  }

  #open(): Scripted {
    if (this.#redis === undefined) throw new Error('Connection is closed.')
    return this.#redis
  }
}

type Reply = [slots: number, now: number, start: number, spacing: number, blockedBy: number, processes: number]
