/**
 * The proxies of the environment: `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`, as curl reads them. The only
 * file of the library that reads the environment, and only if an option asks for it.
 */
import { isIP } from 'node:net'
import type { Bypass, Proxy, Ways } from '../core/route.ts'
import { problem } from './kinds.ts'
import { parseProxy } from './proxy-url.ts'
import type { Problem } from '../core/problem.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export function waysOfEnvironment(env: Environment, name: string, problems: Problem[]): Ways | undefined {
  const before = problems.length
  const read = (variables: readonly string[]): readonly Proxy[] => {
    const variable = variables.find(candidate => env[candidate] !== undefined)
    const text = variable === undefined ? '' : (env[variable]?.trim() ?? '')
    if (text === '') return []
    // Without a scheme it is an http: proxy, whether it has a port or not.
    const proxy = parseProxy(text.includes('://') ? text : `http://${text}`)
    if (!('remedy' in proxy)) return [proxy]
    problems.push(problem(name, `the URL of a proxy in ${variable}`, proxy.shown, proxy.remedy))
    return []
  }
  const all = read(['all_proxy', 'ALL_PROXY'])
  // In a CGI program, HTTP_PROXY is the request's header `Proxy`, which any client can set (CVE-2016-5385).
  const isCgi = env['REQUEST_METHOD'] !== undefined
  const http = read(isCgi ? ['http_proxy'] : ['http_proxy', 'HTTP_PROXY'])
  const https = read(['https_proxy', 'HTTPS_PROXY'])
  if (problems.length > before) return undefined
  return {
    kind: 'environment',
    http: http.length > 0 ? http : all,
    https: https.length > 0 ? https : all,
    except: bypassesOf(env['no_proxy'] ?? env['NO_PROXY'] ?? ''),
  }
}

/**
 * Whether Node itself uses the proxies of the environment: `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`. A machine that
 * is configured so has no direct connection.
 */
export function nodeTakesEnvironment(env: Environment, flags: readonly string[]): boolean {
  const options = [...flags, ...(env['NODE_OPTIONS'] ?? '').split(/\s+/)]
  return env['NODE_USE_ENV_PROXY'] === '1' || options.includes('--use-env-proxy')
}

/** `example.com, .internal:8080, 10.0.0.0/8, [::1], *`; an invalid entry matches nothing. */
export function bypassesOf(list: string): readonly Bypass[] {
  return list
    .split(/[\s,]+/)
    .filter(item => item !== '')
    .map(bypassOf)
    .filter(bypass => bypass !== undefined)
}

function bypassOf(item: string): Bypass | undefined {
  if (item === '*') return { host: '*', port: undefined, bits: undefined }
  const network = /^\[?([^/\]]+)\]?\/(\d{1,3})$/.exec(item)
  if (network !== null) {
    const [, address = '', bits = ''] = network
    const max = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    return Number(bits) > max ? undefined : { host: address, port: undefined, bits: Number(bits) }
  }
  if (isIP(item) === 6) return { host: canonical(`[${item}]`), port: undefined, bits: undefined }
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(item) ?? []
  const bare = canonical(host.replace(/^\*?\./, ''))
  return bare === '' ? undefined : { host: bare, port: port === undefined ? undefined : Number(port), bits: undefined }
}

/** As `new URL` writes hosts: lower case, Punycode, short IPv6, no dot at the end. */
function canonical(host: string): string {
  return (URL.parse(`http://${host}`)?.hostname ?? '').replace(/\.$/, '')
}
