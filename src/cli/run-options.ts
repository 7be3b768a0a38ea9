/** The flags of a run → the options of the library that they stand for. */
import { readFileSync } from 'node:fs'
import type { FlagValues } from './flags.ts'
import { reasonOf } from '../core/callback.ts'
import type { ReadRate } from '../config/rate-input.ts'
import type { RateInput } from '../core/spec.ts'
import type { ClientOptions, StreamCallOptions } from '../index.ts'

export function clientOptions(values: FlagValues, problems: string[]): ClientOptions {
  return defined({
    concurrency: values.concurrency,
    rateLimit: ratesOf(values.rate),
    rateLimitBurst: values['rate-burst'],
    perHost: perHost(values),
    respectServerLimits: values['ignore-server-limits'] === true ? false : undefined,
    breaker: values.breaker,
    cookies: values.cookie && Object.fromEntries(values.cookie),
    cookieFile: values['cookie-file'],
    proxy: values.proxy,
    proxyFile: values['proxy-file'],
    http2: values.http2,
    blockPrivateAddresses: values['block-private-addresses'],
    verifySsl: values.insecure === true ? false : undefined,
    tls: tlsOf(values, problems),
    workers: values.workers,
    baseUrl: values['base-url'],
    userAgent: values['user-agent'],
    idempotencyKey: values['idempotency-key'],
    maxRetries: values.retries,
    retry: values['max-retry-after'] === undefined ? undefined : { maxRetryAfter: values['max-retry-after'] },
    timeout: inMs(values.timeout),
    timeouts: timeoutsOf(values),
    acceptStatus: acceptStatusOf(values.accept),
    secretNames: values['secret-name'],
    allowDowngrade: values['allow-downgrade'],
    followRedirects: values['no-follow'] === true ? false : undefined,
    maxRedirects: values['max-redirects'],
    maxResponseBytes: values['max-bytes'],
  })
}

export function callOptions(values: FlagValues): StreamCallOptions {
  return defined({
    returnType: values.as === 'bytes' ? ('content' as const) : (values.as ?? 'auto'),
    maxFailures: values['fail-fast'] === true ? 1 : values['max-failures'],
    order: values.order,
    retryFailed: values['retry-failed'],
    unknownWrites: values['unknown-writes'],
    durability: values.durability,
  })
}

function acceptStatusOf(accept: readonly string[] | undefined): ClientOptions['acceptStatus'] {
  return accept && (status => accept.includes(String(status)) || accept.includes(`${Math.floor(status / 100)}xx`))
}

/** With a unit, lest a small number be taken for seconds. */
const inMs = (ms: number | undefined): string | number | undefined =>
  ms === undefined || ms === Infinity ? ms : `${ms}ms`

function timeoutsOf(values: FlagValues): ClientOptions['timeouts'] {
  const timeouts = defined({
    connect: inMs(values['connect-timeout']),
    headers: inMs(values['headers-timeout']),
    idle: inMs(values['idle-timeout']),
    total: inMs(values['total-timeout']),
  })
  return Object.keys(timeouts).length === 0 ? undefined : timeouts
}

function ratesOf(given: readonly (readonly ReadRate[])[] | undefined): RateInput[] | undefined {
  return given?.flat().map(({ limit, intervalMs }) => ({ limit, interval: intervalMs }))
}

function perHost(values: FlagValues): ClientOptions['perHost'] {
  const limits = defined({ concurrency: values['per-host'], rateLimit: ratesOf(values['per-host-rate']) })
  return Object.keys(limits).length === 0 ? undefined : limits
}

function tlsOf(values: FlagValues, problems: string[]): ClientOptions['tls'] {
  const read = (flag: 'tls-ca' | 'tls-cert' | 'tls-key'): string | undefined => {
    const path = values[flag]
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      problems.push(`--${flag}: expected a file that can be read, got ${path} (${reasonOf(error)}).`)
      return undefined
    }
  }
  const tls = defined({ ca: read('tls-ca'), cert: read('tls-cert'), key: read('tls-key') })
  return Object.keys(tls).length === 0 ? undefined : tls
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the fields that are undefined: an option that is left out has its default. */
function defined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>
}
