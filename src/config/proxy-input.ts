/**
 * Proxies as callers write them: URLs, or `host:port:user:password` as proxy vendors write it. Problems never show any
 * part of the input, since it may be a password.
 */
import { readFileSync } from 'node:fs'
import { DIRECT } from '../core/route.ts'
import type { Proxy, Ways } from '../core/route.ts'
import { kindOf, problem } from './kinds.ts'
import { waysOfEnvironment } from './proxy-env.ts'
import { PROXY_URL_REMEDY, parseProxy } from './proxy-url.ts'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

const FORM = 'the URL of a proxy'

/** One proxy for all requests; `false` or null for no proxy; `'env'` for the proxies of the environment. */
export function readProxy(value: unknown, name: string, problems: Problem[]): Ways | undefined {
  if (value === false || value === null) return DIRECT
  if (value === 'env') return waysOfEnvironment(process.env, name, problems)
  if (Array.isArray(value)) {
    problems.push(problem(name, FORM, kindOf(value), ['Give a list as ', { option: 'proxies' }, '.']))
    return undefined
  }
  const proxy = readOne(value, name, problems)
  return proxy && { kind: 'proxies', proxies: [proxy] }
}

export function readProxies(value: unknown, name: string, problems: Problem[]): Ways | undefined {
  if (!Array.isArray(value)) {
    const remedy = typeof value === 'string' || value instanceof URL ? 'Wrap it in an array.' : PROXY_URL_REMEDY
    problems.push(problem(name, 'an array of URLs of proxies', kindOf(value), remedy))
    return undefined
  }
  if (value.length === 0) {
    problems.push(problem(name, 'at least one proxy', 'an empty array', 'Leave it out for direct connections.'))
    return undefined
  }
  const before = problems.length
  const proxies = value.map((item: unknown, index) => readOne(item, `${name}[${index}]`, problems))
  return problems.length > before ? undefined : { kind: 'proxies', proxies: proxies as Proxy[] }
}

/** One proxy per line; blank lines and lines that begin with `#` are ignored. */
export function readProxyFile(value: unknown, name: string, problems: Problem[]): Ways | undefined {
  if (typeof value !== 'string' || value === '') {
    problems.push(problem(name, 'the path of a file', kindOf(value), "Write it as 'proxies.txt'."))
    return undefined
  }
  let text: string
  try {
    text = readFileSync(value, 'utf8')
  } catch (error) {
    problems.push({
      cannot: ['read ', { option: name }, ` ${value}`],
      because: systemReason(error),
      remedy: 'Check its path.',
    })
    return undefined
  }
  const before = problems.length
  const proxies: Proxy[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const proxy = parseProxy(line)
    if ('remedy' in proxy) {
      const { shown, remedy } = proxy
      problems.push(problem(`${name}, line ${index + 1}`, 'host:port, host:port:user:password or a URL', shown, remedy))
    } else proxies.push(proxy)
  }
  if (problems.length > before) return undefined
  if (proxies.length > 0) return { kind: 'proxies', proxies }
  problems.push(problem(name, 'a file with at least one proxy', 'one without', 'Write one per line.'))
  return undefined
}

function readOne(value: unknown, name: string, problems: Problem[]): Proxy | undefined {
  if (typeof value !== 'string' && !(value instanceof URL)) {
    problems.push(problem(name, FORM, kindOf(value), PROXY_URL_REMEDY))
    return undefined
  }
  const proxy = parseProxy(String(value))
  if (!('remedy' in proxy)) return proxy
  problems.push(problem(name, FORM, proxy.shown, proxy.remedy))
  return undefined
}
