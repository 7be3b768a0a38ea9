/** `redisLimits()`: the rates of a client, shared with other processes through Redis. */
import type { SetLimits } from './named-limits.ts'
import { RedisLeases, ownLink } from './redis-leases.ts'
import type { RedisLink } from './redis-leases.ts'
import { SharedRates } from './shared-rates.ts'
import { bool, matching } from '../../config/kinds.ts'
import { readOptions } from '../options.ts'
import { ConfigError } from '../../core/error.ts'
import type { Problem } from '../../core/problem.ts'
import { printable } from '../../core/printable.ts'
import type { OpenSharedLimits, SharedLimits, SharedParts } from '../../core/shared-limits.ts'
import { readRedisUrl } from '../redis.ts'
import { readRedisTls, tlsProblem } from '../redis-tls.ts'
import type { RedisTls } from '../redis-tls.ts'

/** How rates are shared. */
export interface RedisLimitsOptions {
  /**
   * Processes with the same name share their rates. If these differ, all together never exceed the highest of them.
   * Letters, digits, `.`, `_` and `-`, at most 100. Default `'default'`.
   */
  readonly name?: string | undefined
  /**
   * What happens while Redis cannot be used. False: nothing is sent, so that no rate is ever exceeded. True: each process
   * goes on for at most 60 s, with the rates divided by the number of processes seen last. If only k of W processes are
   * cut off, all together send at up to (1 + k/W) times the rates. Default false.
   */
  readonly localShare?: boolean | undefined
  /**
   * The certificates of a connection `rediss://…`, in PEM: `ca` is trusted instead of the system's roots; `cert` and `key`
   * are sent if Redis asks for a client certificate. Default the system's roots and no client certificate.
   */
  readonly tls?: RedisTls | undefined
}

const NAME = /^[\w.-]{1,100}$/

/** The name under which rates are shared. */
export const readShareName = matching(
  "1 to 100 letters, digits, '.', '_' or '-'",
  (value): value is string => typeof value === 'string' && NAME.test(value),
  'Give a name that all processes share.',
)

const READERS = { name: readShareName, localShare: bool, tls: readRedisTls }
const DEFAULT_NAME = 'default'

/**
 * Shares the rates of clients in several processes through Redis: the option `sharedLimits`. The rates are those of
 * `rateLimit`, `perHost` and `hosts`; all processes together start at most that many requests. Everything else
 * (`concurrency`, `budgets`) counts in each process alone. Needs the package `ioredis` and Redis 6.2 or later, Valkey
 * included.
 *
 * - Slots are leased up to 200 ms ahead and spread evenly: the burst of each rate is 1 unless it is given, whatever its
 *   interval. In any window of w, all processes together start at most `burst + rate · w` requests, plus what the network
 *   and timers delay, a few per cent of a second. Where a host has a rate of its own, its slots may lie up to 200 ms
 *   later than those of all hosts; these may then be exceeded by 200 ms of their rate in one window.
 * - A slot that is more than 10 ms late is not used. Retries and redirect hops need a slot of their own.
 * - A 429, or a 503 with `Retry-After`, pauses its host in all processes: within 200 ms none of them sends, until the pause ends
 *   or for at most 5 minutes.
 * - A batch of the same name, and what `preq limits` sets for it, counts as well.
 * - Only the clock of Redis counts; those of the machines may differ.
 * - If Redis cannot be used when the first request is made, the call rejects with a ConfigError that says why. If it
 *   is lost later, requests wait until it is back (see `localShare`), within their timeouts, and one warning is emitted.
 *
 * A client that waits for nothing takes nothing. Close the client to close its connection.
 *
 * Source: generic cell rate algorithm, ITU-T I.371.
 *
 * @param url `redis://user:password@host:6379/0`, or `rediss://` for TLS. Its user and password are never printed
 * @throws ConfigError for a wrong URL, an unknown name or a wrong value
 * @example new ParallelRequests({ rateLimit: '500/s', sharedLimits: redisLimits('redis://127.0.0.1', { name: 'shop-api' }) })
 */
export function redisLimits(url: string, options: RedisLimitsOptions = {}): SharedLimits {
  const problems: Problem[] = []
  const address = readRedisUrl(url, 'redisLimits', problems)
  const { name = DEFAULT_NAME, localShare = false, tls } = readOptions('redisLimits', options, READERS, problems)
  const wrong = tlsProblem(tls, 'redisLimits.tls', address as string)
  if (wrong !== undefined) throw new ConfigError([wrong])
  const link = ownLink(address as string, 'sharedLimits', tls)
  return { open: parts => openRates(parts, { link, name, localShare }) }
}

/** What the command line shares its rates by. */
export interface ShareFlags {
  readonly url: string
  readonly name: string | undefined
  readonly localShare: boolean
  /** Has not been checked. */
  readonly tls: unknown
}

/** The same for the command line, whose messages name its flags. */
export function sharedByFlags({ url, name, localShare, tls }: ShareFlags): SharedLimits {
  const problems: Problem[] = []
  const address = readRedisUrl(url, '--share-limits', problems)
  const read = name === undefined ? DEFAULT_NAME : readShareName(name, '--share-name', problems)
  const security = tls === undefined ? undefined : readRedisTls(tls, '--share-ca', problems)
  const wrong = tlsProblem(security, '--share-ca', url)
  if (wrong !== undefined) problems.push(wrong)
  if (problems.length > 0) throw new ConfigError(problems)
  const link = ownLink(address as string, '--share-limits', security)
  return { open: parts => openRates(parts, { link, name: read as string, localShare }) }
}

export interface ShareParts {
  readonly link: RedisLink
  readonly name: string
  readonly localShare: boolean
  /** Limits of the name that are known from elsewhere, if Redis has lost them. */
  readonly known?: SetLimits | undefined
  /** Gets the warning about a lost Redis. */
  readonly warn?: (text: string) => void
}

/** @param given how they are shared; has been checked */
export const sharedThrough = (given: ShareParts): SharedLimits => ({ open: parts => openRates(parts, given) })

/** The beginning of all keys of a name: one slot in Redis Cluster, so that one script may use all of them. */
export const ratesPrefix = (name: string): string => `{preq}:rates:${name}`

function openRates(parts: SharedParts, given: ShareParts): OpenSharedLimits {
  const { link, name, localShare, known, warn = emitWarning } = given
  const prefix = ratesPrefix(name)
  return new SharedRates({
    ...parts,
    prefix,
    localShare,
    known,
    source: new RedisLeases(link, prefix, parts.clock),
    warn: message => warn(printable(`${link.subject}: ${message}`)),
  })
}

const emitWarning = (text: string): void => process.emitWarning(text, 'ParallelRequestsWarning')
