/** The options of proxies: which are used, and in which order. */
import { duration, oneOf, problem } from '../kinds.ts'
import { option, part } from '../option.ts'
import { readProxies, readProxy, readProxyFile } from '../proxy-input.ts'
import type { Values } from '../table.ts'
import type { Ways } from '../../core/route.ts'
import type { Problem } from '../../core/problem.ts'
import type { Words } from '../../core/words.ts'

export const PROXY_OPTIONS = {
  proxy: option({
    scope: 'client',
    plan: 'part',
    perSpec: true,
    read: readProxy,
    default: false,
    defaultText: "none; `'env'` under `NODE_USE_ENV_PROXY=1`",
    crosses: 'plain',
    doc: "The proxy for every request; no request bypasses it. A URL (`http:`, `https:`, `socks5:`), `'env'` for `HTTP_PROXY` and similar variables, `false` for none.",
  }),
  proxies: option({
    scope: 'client',
    plan: 'part',
    read: readProxies,
    crosses: 'plain',
    doc: 'A list of proxies; each attempt uses one of them.',
  }),
  proxyFile: option({
    scope: 'client',
    plan: 'part',
    read: readProxyFile,
    crosses: 'plain',
    doc: 'A file of proxies that attempts take in turn, one per line: `host:port`, `host:port:user:password` or a URL.',
  }),
  proxySelection: option({
    scope: 'client',
    plan: 'part',
    read: oneOf(['round_robin', 'random']),
    default: 'round_robin',
    crosses: 'plain',
    doc: "Which of several proxies an attempt takes: the next (`'round_robin'`) or any (`'random'`).",
  }),
  proxyCooldown: option({
    scope: 'client',
    plan: 'part',
    read: duration({ zero: true }),
    default: '60s',
    crosses: 'plain',
    unit: 'ms',
    doc: 'How long a proxy is skipped after it has failed; 0 to never skip one.',
  }),
}

export const TRANSPORT_ROUTES = 'A transport makes its own connections: set the proxy there.'

export function checkProxies(values: Values, problems: Problem[]): void {
  const { proxy, proxies, proxyFile, proxySelection, transport } = values
  const given = Object.entries({ proxy, proxies, proxyFile }).filter(([, ways]) => ways !== undefined)
  const [first, second] = given.map(([name]) => name)
  if (first !== undefined && second !== undefined) {
    const expected: Words = ['no ', { option: first }, ' beside it']
    problems.push(problem(second, expected, 'both', 'Put all proxies into one of them.'))
    return
  }
  if (first !== undefined && given[0]?.[1]?.kind !== 'direct' && transport !== undefined) {
    problems.push(problem(first, 'no transport beside it', 'one', TRANSPORT_ROUTES))
    return
  }
  if (proxySelection !== undefined && proxies === undefined && proxyFile === undefined) {
    const expected: Words = [{ option: 'proxies' }, ' or ', { option: 'proxyFile' }, ' beside it']
    problems.push(problem('proxySelection', expected, 'neither', 'Give several proxies, or leave it out.'))
  }
}

export const CLIENT_PROXIES = {
  proxies: part(['proxySelection', 'proxyCooldown'], ({ proxySelection, proxyCooldown }: Values) => ({
    selection: proxySelection ?? PROXY_OPTIONS.proxySelection.default,
    cooldownMs: proxyCooldown ?? PROXY_OPTIONS.proxyCooldown.default,
  })),
}

export const CALL_PROXIES = {
  ways: part(
    ['proxy', 'proxies', 'proxyFile'],
    ({ proxy, proxies, proxyFile }: Values): Ways => proxy ?? proxies ?? proxyFile ?? PROXY_OPTIONS.proxy.default,
  ),
}
