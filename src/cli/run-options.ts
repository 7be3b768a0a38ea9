/** Translates the flags of a run into options of the library. */
import { readFileSync } from 'node:fs'
import type { FlagValues } from './flags.ts'
import { normalHost } from '../config/hosts.ts'
import type { HostLimits } from './flag-readers.ts'
import type { ReadRate } from '../config/rate-input.ts'
import type { RateInput } from '../core/spec.ts'
import { secretOf } from './secret.ts'
import type { ClientOptions, StreamCallOptions } from '../index.ts'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

export function clientOptions(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): ClientOptions {
  return defined({
    concurrency: values.concurrency,
    maxConcurrency: values['max-concurrency'],
    rateLimit: ratesOf(values.rate),
    rateLimitBurst: values['rate-burst'],
    perHost: perHost(values),
    hosts: hostsOf(values['host-limit'], values['limit-key'] !== undefined),
    budgets: budgetsOf(values.budget),
    respectServerLimits: values['ignore-server-limits'] === true ? false : undefined,
    breaker: breakerOf(values),
    cookies: values['no-cookies'] === true ? (false as const) : values.cookie && Object.fromEntries(values.cookie),
    cookieFile: values['cookie-file'],
    shareCookies: values['share-cookies'] === true || values['cookie-file'] !== undefined,
    proxy: values.proxy?.length === 1 ? proxyOf(values.proxy[0]) : undefined,
    proxies: values.proxy !== undefined && values.proxy.length > 1 ? values.proxy : undefined,
    proxyFile: values['proxy-file'],
    proxySelection: values['proxy-selection'],
    proxyCooldown: values['proxy-cooldown'],
    http2: values.http2,
    blockPrivateAddresses: values['block-private-addresses'],
    maxHeaderBytes: values['max-header-bytes'],
    verifySsl: values.insecure === true ? false : undefined,
    tls: tlsOf(values, env, problems),
    workers: values.workers,
    baseUrl: folderOf(values['base-url']),
    userAgent: values['user-agent']?.length === 1 ? values['user-agent'][0] : values['user-agent'],
    allowHostHeader: values['allow-host-header'],
    idempotencyKey: values['idempotency-key'],
    maxRetries: values.retries,
    retry: retryOf(values),
    timeout: inMs(values.timeout),
    timeouts: timeoutsOf(values),
    minSpeed: filled({ bytes: values['min-speed'], over: inMs(values['min-speed-over']) }),
    acceptStatus: acceptStatusOf(values.accept),
    secretNames: values['secret-name'],
    allowDowngrade: values['allow-downgrade'],
    allowBodyAcrossOrigins: values['allow-body-across-origins'],
    contentCoding: values['content-coding'],
    strictIntegrity: values['strict-integrity'],
    followRedirects: values['no-follow'] === true ? false : values['keep-method'] === true ? 'keep_method' : undefined,
    maxRedirects: values['max-redirects'],
    maxResponseBytes: values['max-bytes'],
    maxJsonDepth: values['max-json-depth'],
  })
}

export function callOptions(values: FlagValues): StreamCallOptions {
  return defined({
    returnType: values.as === 'bytes' ? ('content' as const) : (values.as ?? 'auto'),
    maxFailures: values['fail-fast'] === true ? 1 : values['max-failures'],
    order: values.order,
    window: values.window,
    retryFailed: values['retry-failed'],
    unknownWrites: values['unknown-writes'],
    durability: values.durability,
  })
}

/** `none` undoes the proxy of a configuration file. */
const proxyOf = (proxy: string | undefined): string | false | undefined => (proxy === 'none' ? false : proxy)

/** Adds a slash at the end. Without it, a relative URL would replace the last segment of the base. */
function folderOf(url: string | undefined): string | undefined {
  return url === undefined || url.endsWith('/') || /[?#]/.test(url) ? url : `${url}/`
}

function acceptStatusOf(accept: readonly string[] | undefined): ClientOptions['acceptStatus'] {
  return accept && (status => accept.includes(String(status)) || accept.includes(`${Math.floor(status / 100)}xx`))
}

/** Adds a unit, so that a small number is not mistaken for seconds. */
const inMs = (ms: number | undefined): string | number | undefined =>
  ms === undefined || ms === Infinity ? ms : `${ms}ms`

function timeoutsOf(values: FlagValues): ClientOptions['timeouts'] {
  return filled({
    connect: inMs(values['connect-timeout']),
    headers: inMs(values['headers-timeout']),
    idle: inMs(values['idle-timeout']),
    total: inMs(values['total-timeout']),
  })
}

function retryOf(values: FlagValues): ClientOptions['retry'] {
  return filled({
    methods: values['retry-methods'],
    statuses: values['retry-statuses']?.flatMap(statusesIn),
    backoff: filled({ base: values.backoff, max: values['max-backoff'] }),
    maxRetryAfter: values['max-retry-after'],
    budget: filled({ reserve: values['retry-reserve'], ratio: values['retry-share'] }),
  })
}

/** Expands `5xx` to all hundred statuses. */
function statusesIn(text: string): number[] {
  return text.endsWith('xx') ? Array.from({ length: 100 }, (_, at) => Number(text[0]) * 100 + at) : [Number(text)]
}

/** The settings of the breaker also turn it on. */
function breakerOf(values: FlagValues): ClientOptions['breaker'] {
  const particulars = filled({
    failures: values['breaker-failures'],
    window: inMs(values['breaker-window']),
    cooldown: inMs(values['breaker-cooldown']),
  })
  return particulars === undefined || values.breaker === false ? values.breaker : particulars
}

/** A repeated name gets all its limits. @param mayBeKeys whether names may be keys, which are case-sensitive */
function hostsOf(
  given: readonly (readonly [string, HostLimits])[] | undefined,
  mayBeKeys: boolean,
): ClientOptions['hosts'] {
  if (given === undefined) return undefined
  const hosts = new Map<string, HostLimits>()
  for (const [name, limits] of given) {
    const host = mayBeKeys ? name : (normalHost(name) ?? name)
    const before = hosts.get(host)
    hosts.set(host, { ...before, ...limits, rates: [...(before?.rates ?? []), ...limits.rates] })
  }
  return Object.fromEntries(
    [...hosts].map(([host, { concurrency, rates }]) => [
      host,
      defined({ concurrency, rateLimit: rates.length === 0 ? undefined : ratesOf([rates]) }),
    ]),
  )
}

function budgetsOf(given: readonly (readonly [string, readonly ReadRate[]])[] | undefined): ClientOptions['budgets'] {
  if (given === undefined) return undefined
  const budgets = new Map<string, ReadRate[]>()
  for (const [name, rates] of given) budgets.set(name, [...(budgets.get(name) ?? []), ...rates])
  return Object.fromEntries([...budgets].map(([name, rates]) => [name, ratesOf([rates]) ?? []]))
}

function ratesOf(given: readonly (readonly ReadRate[])[] | undefined): RateInput[] | undefined {
  return given?.flat().map(({ limit, intervalMs }) => ({ limit, interval: intervalMs }))
}

function perHost(values: FlagValues): ClientOptions['perHost'] {
  return filled({ concurrency: values['per-host'], rateLimit: ratesOf(values['per-host-rate']) })
}

function tlsOf(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): ClientOptions['tls'] {
  const read = (flag: 'tls-ca' | 'tls-cert' | 'tls-key' | 'tls-pfx'): Buffer | undefined => {
    const path = values[flag]
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      problems.push(`cannot read --${flag} ${path}: ${systemReason(error)}.`)
      return undefined
    }
  }
  const passphrase = values['tls-passphrase']
  return filled({
    ca: read('tls-ca')?.toString(),
    cert: read('tls-cert')?.toString(),
    key: read('tls-key')?.toString(),
    pfx: read('tls-pfx'),
    passphrase: passphrase && secretOf(passphrase, '--tls-passphrase', env, problems),
  })
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Removes undefined fields, so that the options get their defaults. */
function defined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>
}

/** Like `defined`, but undefined if no field is left. */
function filled<T extends object>(record: T): Defined<T> | undefined {
  const left = defined(record)
  return Object.keys(left).length === 0 ? undefined : left
}
