/** The connection to Redis: how it is opened, how it behaves while Redis is away, and what its errors mean. */
import type { Redis } from 'ioredis'
import { kindOf, matching } from '../config/kinds.ts'
import type { RedisSecurity } from './redis-tls.ts'
import { ConfigError } from '../core/error.ts'

/** An attempt to connect takes at most this long. */
const CONNECT_MS = 5_000
/** A command that has no reply after this time fails. */
const COMMAND_MS = 3_000
/** A connection on which a command waits this long for data is dead; it is closed and made again. */
const SILENT_MS = 8_000
/** While Redis is away, a new connection is tried at least this often. */
const MAX_RECONNECT_MS = 2_000
const FIRST_RECONNECT_MS = 50

/**
 * How our connections behave; the defaults of ioredis wait 73 s for a server that is gone. A command is never queued
 * and never sent again: it fails at once without a connection, and the caller decides.
 */
const CALLS = {
  lazyConnect: true,
  connectTimeout: CONNECT_MS,
  commandTimeout: COMMAND_MS,
  socketTimeout: SILENT_MS,
  retryStrategy: (failures: number): number => Math.min(FIRST_RECONNECT_MS * 2 ** failures, MAX_RECONNECT_MS),
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // After a failover, the address leads to another server.
  reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
}

const INSTALL = 'npm install ioredis'

/** How one connection differs: one that blocks has no `commandTimeout`, and BullMQ asks for `maxRetriesPerRequest: null`. */
export interface ConnectionOptions {
  readonly commandTimeout?: number | undefined
  readonly maxRetriesPerRequest?: number | null
  readonly enableOfflineQueue?: boolean
  readonly autoResendUnfulfilledCommands?: boolean
  readonly connectionName?: string
  readonly tls?: RedisSecurity | undefined
}

/**
 * A connection to Redis that has been accepted: ready, and allowed to use its database. It is made again when it is
 * lost. The caller closes it with `disconnect()`.
 *
 * @param subject the option or flag that the URL is from, for messages
 * @throws ConfigError if the package ioredis is missing, or if Redis cannot be used: what happened, where, and what helps
 */
export async function connectRedis(url: string, subject: string, options: ConnectionOptions = {}): Promise<Redis> {
  const { Redis } = await loadRedis(subject)
  const { tls, ...others } = options
  const redis = new Redis(url, { ...CALLS, ...others, ...(tls !== undefined && { tls }) })
  let refused: Error | undefined
  // Without a listener, ioredis prints each error. A wrong database is told by an event alone: the connection would
  // use database 0.
  const note = (error: Error): void => void (refused ??= error)
  redis.on('error', note)
  try {
    await redis.connect()
    if (refused !== undefined) throw refused
    return redis
  } catch (error) {
    redis.disconnect()
    throw new ConfigError([`${subject}: ${troubleOf(refused ?? error, redisPlace(url))}`])
  } finally {
    redis.on('error', () => undefined)
    redis.off('error', note)
  }
}

/** The value is never shown: it may hold a password. */
export const readRedisUrl = matching(
  'a URL redis://… or rediss://…',
  (value): value is string =>
    typeof value === 'string' && URL.canParse(value) && REDIS_URL.test(value) && new URL(value).hostname !== '',
  'Write it as redis://user:password@host:6379/0. With Sentinel, give an address that follows the primary.',
  value => (typeof value === 'string' ? 'something else' : kindOf(value)),
)

const REDIS_URL = /^rediss?:\/\//i

/** Where a URL leads, without its user and password: `redis://host:6379/0`. */
export function redisPlace(url: string): string {
  if (!URL.canParse(url)) return 'redis'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

/** What an error of Redis or of its connection means for the user. Says nothing of the user or the password. */
export function troubleOf(error: unknown, place: string): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const text = String(message)
  const known = TROUBLES.find(([pattern]) => pattern.test(`${String(code)} ${text}`))
  if (known !== undefined) return known[1](place, text)
  const reason = /^[A-Z]+ /.test(text) ? (text.split(' ')[0] as string) : typeof code === 'string' ? code : 'no reply'
  return `cannot use Redis at ${place}: ${reason}. Check that it is a Redis server of version 6.2 or later.`
}

/** The first that matches `code message` explains the error. Messages of Redis are not shown: they may hold commands. */
const TROUBLES: readonly (readonly [RegExp, (place: string, text: string) => string])[] = [
  [/ECONNREFUSED/, place => `no Redis server listens at ${place}. Start it, or correct the host and port of the URL.`],
  [/ENOTFOUND|EAI_AGAIN/, place => `the host of ${place} was not found. Correct the host of the URL.`],
  [
    /WRONGPASS/,
    place => `Redis at ${place} refused the user or the password. Correct them in the URL: redis://user:password@host.`,
  ],
  [/NOAUTH/, place => `Redis at ${place} asks for a password. Put it into the URL: redis://:password@host.`],
  [/READONLY/, place => `Redis at ${place} is a read-only replica. Use the URL of the primary server.`],
  [
    /OOM /,
    place => `Redis at ${place} has reached its maxmemory and takes no more writes. Raise maxmemory, or remove data.`,
  ],
  [
    /NOPERM|No permissions/,
    (place, text) =>
      `the Redis user of ${place} lacks a permission${refusedIn(text)}. docs/limits.md says which ones shared rates need; preq doctor --broker says which ones batches need.`,
  ],
  [/DB index/, place => `Redis at ${place} has no such database. Correct the number at the end of the URL.`],
  [/LOADING/, place => `Redis at ${place} is still loading its data. Try again when it is ready.`],
  [
    /CERTIFICATE_REQUIRED/,
    place =>
      `Redis at ${place} asks for a certificate of the client. Give one: --broker-cert and --broker-key (with --share-limits: --share-cert and --share-key), in code cert and key of brokerTls or tls.`,
  ],
  [
    /ALTNAME/,
    place => `the certificate of Redis at ${place} is for another host. Use the host of the certificate in the URL.`,
  ],
  [/CERT_HAS_EXPIRED/, place => `the certificate of Redis at ${place} has expired. Renew it.`],
  [
    /CERT|self-signed|UNABLE_TO_/i,
    place =>
      `the certificate of Redis at ${place} is not trusted. Give that of its authority: --broker-ca FILE (with --share-limits: --share-ca FILE), in code ca of brokerTls or tls, or NODE_EXTRA_CA_CERTS.`,
  ],
  [/SSL|TLS/, place => `no TLS connection to ${place}: it may not speak TLS. Check the scheme of the URL.`],
  [
    /closed|ECONNRESET|EPIPE|writeable/,
    place =>
      `the connection to Redis at ${place} was lost. If it never works, check the scheme of the URL (rediss:// for TLS) and the certificate of the client.`,
  ],
  [
    /ETIMEDOUT|timed out|timeout/i,
    place => `Redis at ${place} did not answer in time. Check the host, the port, the scheme and the firewall.`,
  ],
]

/** ` ('get')`: the name of a command, and nothing else of the message. */
function refusedIn(text: string): string {
  const command = /'([a-z|_-]+)' command/i.exec(text)?.[1]
  return command === undefined ? '' : ` ('${command}')`
}

/** Loaded when it is needed: the package is an optional peer. */
async function loadRedis(subject: string): Promise<Pick<typeof import('ioredis'), 'Redis'>> {
  try {
    return await import('ioredis')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError([
      `${subject}: expected the package ioredis, which connects to Redis, and it is not installed. Run \`${INSTALL}\`.`,
    ])
  }
}
