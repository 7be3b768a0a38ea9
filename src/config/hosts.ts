/**
 * Patterns of hosts, as in `hosts: { 'api.x.com': …, '*.y.com': …, 'localhost:8080': … }`. The most specific match
 * counts: a name before a wildcard, a longer wildcard before a shorter one, a pattern with a port before one without.
 */

/** The pattern in its canonical form; undefined if it can never match a host. */
export function normalHost(pattern: string): string | undefined {
  if (pattern === '*') return pattern
  const wild = pattern.startsWith('*.')
  const host = wild ? pattern.slice(2) : pattern
  if (host === '' || /[/@?#*\\\s]/.test(host)) return undefined
  const parsed = URL.parse(`http://${host}`)
  if (parsed === null || parsed.hostname === '') return undefined
  // `URL` drops the default port of the scheme; in a pattern it has a meaning.
  const port = /:(\d+)$/.exec(host)?.[1]
  const name = parsed.hostname
  return `${wild ? '*.' : ''}${name}${port === undefined ? '' : `:${Number(port)}`}`
}

/** The most specific pattern that matches this origin. */
export function matchHost(patterns: readonly string[], origin: string): string | undefined {
  if (patterns.length === 0) return undefined
  const { hostname, port, protocol } = new URL(origin)
  const withPort = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`
  let best: string | undefined
  for (const pattern of patterns) {
    if (fits(pattern, hostname, withPort) && (best === undefined || weight(pattern) > weight(best))) best = pattern
  }
  return best
}

/** The entry of `hosts` for a request: that of its `limitKey`, otherwise the most specific one for its host. */
export function entryOf<T>(hosts: Readonly<Record<string, T>>, lane: string, origin: string): T | undefined {
  if (Object.hasOwn(hosts, lane)) return hosts[lane]
  const pattern = matchHost(Object.keys(hosts), origin)
  return pattern === undefined ? undefined : hosts[pattern]
}

function fits(pattern: string, hostname: string, withPort: string): boolean {
  if (pattern === '*' || pattern === hostname || pattern === withPort) return true
  if (!pattern.startsWith('*.')) return false
  const suffix = pattern.slice(1)
  return hostname.endsWith(suffix) || withPort.endsWith(suffix)
}

/** A name is more specific than every wildcard; of two wildcards, the longer one is. */
function weight(pattern: string): number {
  if (pattern === '*') return 0
  return pattern.startsWith('*.') ? pattern.length : 1_000 + pattern.length
}
