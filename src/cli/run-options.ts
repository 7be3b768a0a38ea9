/**
 * The flags of a run → the values of the options of its client and of its call. Each flag has been read by the reader
 * of its option. An option that several flags set together is read here.
 */
import { readFileSync } from 'node:fs'
import type { FlagValues } from './flags.ts'
import { paginateOf } from './paginate-plan.ts'
import { pollOf } from './poll-plan.ts'
import { secretOf } from './secret.ts'
import { normalHost } from '../config/hosts.ts'
import { hostsByForm } from '../config/limit-input.ts'
import type { ReadHostLimits } from '../config/limit-input.ts'
import type { ReadRate } from '../config/rate-input.ts'
import { checkCombinations } from '../config/read.ts'
import { OPTIONS } from '../config/table.ts'
import type { OptionName, Values } from '../config/table.ts'
import { ConfigError } from '../core/error.ts'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

export function clientValues(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): Values {
  const read = <N extends OptionName>(name: N, given: unknown): Values[N] | undefined =>
    given === undefined ? undefined : (OPTIONS[name].read(given, name, problems) as Values[N])
  return defined({
    concurrency: values.concurrency,
    maxConcurrency: values['max-concurrency'],
    rateLimit: values.rate?.flat(),
    rateLimitBurst: values['rate-burst'],
    perHost: definedOrNone({ concurrency: values['per-host'], rateLimit: values['per-host-rate']?.flat() }),
    hosts: hostLimitsOf(values['host-limit'], values['limit-key'] !== undefined),
    budgets: budgetsOf(values.budget),
    respectServerLimits: values['ignore-server-limits'] === true ? false : undefined,
    breaker: breakerOf(values),
    cookies: read(
      'cookies',
      values['no-cookies'] === true ? false : values.cookie && Object.fromEntries(values.cookie),
    ),
    cookieFile: values['cookie-file'],
    shareCookies: values['share-cookies'] === true || values['cookie-file'] !== undefined,
    proxy: values.proxy?.length === 1 ? read('proxy', proxyOf(values.proxy[0])) : undefined,
    proxies: values.proxy !== undefined && values.proxy.length > 1 ? read('proxies', values.proxy) : undefined,
    proxyFile: values['proxy-file'],
    proxySelection: values['proxy-selection'],
    proxyCooldown: values['proxy-cooldown'],
    http2: values.http2,
    blockPrivateAddresses: values['block-private-addresses'],
    maxHeaderBytes: values['max-header-bytes'],
    verifySsl: values.insecure === true ? false : undefined,
    tls: read('tls', tlsOf(values, env, problems)),
    workers: values.workers,
    baseUrl: values['base-url'],
    userAgent: read('userAgent', values['user-agent']?.length === 1 ? values['user-agent'][0] : values['user-agent']),
    allowHostHeader: values['allow-host-header'],
    idempotencyKey: values['idempotency-key'],
    maxRetries: values.retries,
    retry: retryOf(values),
    timeout: values.timeout,
    timeouts: definedOrNone({
      connect: values['connect-timeout'],
      headers: values['headers-timeout'],
      idle: values['idle-timeout'],
      total: values['total-timeout'],
    }),
    minSpeed: definedOrNone({ bytes: values['min-speed'], over: values['min-speed-over'] }),
    acceptStatus: acceptStatusOf(values.accept),
    secretNames: values['secret-name'],
    allowDowngrade: values['allow-downgrade'],
    allowBodyAcrossOrigins: values['allow-body-across-origins'],
    contentCoding: values['content-coding'],
    strictIntegrity: values['strict-integrity'],
    followRedirects: values['no-follow'] === true ? false : values['keep-method'] === true ? 'keep_method' : undefined,
    maxRedirects: values['max-redirects'],
    poll: pollOf(values, problems),
    maxResponseBytes: values['max-bytes'],
    maxJsonDepth: values['max-json-depth'],
    maxErrorBody: values['max-error-body'],
  })
}

export const returnTypeOf = ({ as = 'auto' }: FlagValues): 'content' | 'auto' | 'json' | 'text' =>
  as === 'bytes' ? 'content' : as

export function callValues(values: FlagValues, problems: Problem[]): Values {
  return defined({
    returnType: returnTypeOf(values),
    maxFailures: values['fail-fast'] === true ? 1 : values['max-failures'],
    order: values.order,
    window: values.window,
    retryFailed: values['retry-only']?.flat() ?? values['retry-failed'],
    unknownWrites: values['unknown-writes'],
    durability: values.durability,
    items: values.items,
    paginate: paginateOf(values, problems),
    maxItems: values['max-items'],
    maxPages: values['max-pages'],
    maxDepth: values['max-depth'],
  })
}

/** The checked options of the call, which depend on the outputs. */
export function checkedCall(values: Values): Values {
  const problems: Problem[] = []
  const call = checkCombinations(values, 'stream', problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return call
}

/** `none` removes the proxy of a configuration file. */
const proxyOf = (proxy: string | undefined): string | false | undefined => (proxy === 'none' ? false : proxy)

function acceptStatusOf(accept: readonly number[] | undefined): Values['acceptStatus'] {
  const accepted = new Set(accept)
  return accept && (status => accepted.has(status))
}

function retryOf(values: FlagValues): Values['retry'] {
  return definedOrNone({
    methods: values['retry-methods'],
    statuses: values['retry-statuses'],
    backoff: definedOrNone({ base: values.backoff, max: values['max-backoff'] }),
    maxRetryAfter: values['max-retry-after'],
    budget: definedOrNone({ reserve: values['retry-reserve'], ratio: values['retry-share'] }),
  })
}

/** The settings of the breaker also turn it on. */
function breakerOf(values: FlagValues): Values['breaker'] {
  const particulars = definedOrNone({
    failures: values['breaker-failures'],
    window: values['breaker-window'],
    cooldown: values['breaker-cooldown'],
  })
  return particulars === undefined || values.breaker === false ? values.breaker : particulars
}

/** A repeated name gets all its limits. @param mayBeKeys whether names may be keys, which are case-sensitive */
function hostLimitsOf(
  given: readonly (readonly [string, ReadHostLimits])[] | undefined,
  mayBeKeys: boolean,
): Values['hosts'] {
  if (given === undefined) return undefined
  const hosts = new Map<string, ReadHostLimits>()
  for (const [name, limits] of given) {
    const host = mayBeKeys ? name : (normalHost(name) ?? name)
    const before = hosts.get(host)
    const rates = [...(before?.rateLimit ?? []), ...(limits.rateLimit ?? [])]
    hosts.set(host, { ...before, ...limits, ...(rates.length > 0 && { rateLimit: rates }) })
  }
  return hostsByForm(hosts)
}

function budgetsOf(given: readonly (readonly [string, readonly ReadRate[]])[] | undefined): Values['budgets'] {
  if (given === undefined) return undefined
  const budgets = new Map<string, readonly ReadRate[]>()
  for (const [name, rates] of given) budgets.set(name, [...(budgets.get(name) ?? []), ...rates])
  return Object.fromEntries(budgets)
}

/** The files of the certificates, as the option `tls` takes them. */
function tlsOf(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): unknown {
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
  return definedOrNone({
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
function definedOrNone<T extends object>(record: T): Defined<T> | undefined {
  const left = defined(record)
  return Object.keys(left).length === 0 ? undefined : left
}
