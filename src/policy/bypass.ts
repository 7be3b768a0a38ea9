/** The proxies that a request may use, by its origin. An empty list means a direct connection. */
import { BlockList, isIP } from 'node:net'
import type { Bypass, Proxy, Ways } from '../core/route.ts'

const NO_PROXIES: readonly Proxy[] = []

export function proxiesFor(ways: Ways, origin: string): readonly Proxy[] {
  if (ways.kind === 'direct') return NO_PROXIES
  if (ways.kind === 'proxies') return ways.proxies
  const proxies = origin.startsWith('https:') ? ways.https : ways.http
  if (proxies.length === 0 || ways.except.length === 0) return proxies
  return isExcepted(origin, ways.except) ? NO_PROXIES : proxies
}

/**
 * NO_PROXY with curl's rules: a name also covers its subdomains; ports and networks must match where they are given.
 */
function isExcepted(origin: string, except: readonly Bypass[]): boolean {
  const [, scheme, name = '', given] = /^(https?):\/\/(.*?)(?::(\d+))?$/.exec(origin) ?? []
  const host = name.replace(/\.$/, '')
  const port = given === undefined ? (scheme === 'https' ? 443 : 80) : Number(given)
  return except.some(bypass => {
    if (bypass.host === '*') return true
    if (bypass.port !== undefined && bypass.port !== port) return false
    if (bypass.bits !== undefined) return isInNetwork(host, bypass.host, bypass.bits)
    return host === bypass.host || host.endsWith(`.${bypass.host}`)
  })
}

/** Matches literal addresses only. Host names are resolved by the proxy, so their addresses are not known here. */
function isInNetwork(host: string, network: string, bits: number): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  const family = isIP(address)
  if (family === 0 || family !== isIP(network)) return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  list.addSubnet(network, bits, type)
  return list.check(address, type)
}
