/** The options of a client's proxies. */
import type { Duration, ProxyInput } from './spec.ts'

/** The proxies of a client: one, or a list that is used in turn. */
export interface ProxyOptions {
  /**
   * A proxy that every request goes through; no request goes around it. One of:
   *
   * - `http://user:password@host:3128`, `https://…`, or `socks5://…` (the proxy looks names up, as with `socks5h:`)
   * - `host:port:user:password`, for an http: proxy
   * - `'env'`: the proxies of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
   * - `false` or null: no proxy
   *
   * A failure of the proxy is `proxy/…` or `timeout/proxy`. Cannot be combined with `transport`. Default none, or
   * `'env'` if Node runs with `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`.
   *
   * Source: RFC 9110 §9.3.6 (CONNECT), RFC 1928 (SOCKS5).
   *
   * @example proxy: 'http://user:password@proxy.example:3128'
   */
  proxy?: ProxyInput | undefined
  /**
   * A list of proxies. Each attempt uses the next one, including retries and redirect hops. Default none.
   *
   * @example proxies: ['http://10.0.0.1:3128', 'socks5://10.0.0.2:1080']
   */
  proxies?: readonly (string | URL)[] | undefined
  /**
   * Path of a file with such a list: one `host:port`, `host:port:user:password` or URL per line. `#` starts a comment.
   * Default none.
   *
   * @example proxyFile: 'proxies.txt'
   */
  proxyFile?: string | undefined
  /**
   * Uses the proxies of a list in turn, or picks one at random. Default `'round_robin'`.
   *
   * @example proxyFile: 'proxies.txt', proxySelection: 'random'
   */
  proxySelection?: 'round_robin' | 'random' | undefined
  /**
   * How long a proxy is skipped after a failure of its own. If all proxies are skipped, the one whose time ends first
   * is used. A proxy that refused its credentials is not used before that time, even if no other is left: requests then
   * fail with `proxy/auth`. Default `'60s'`. 0 = never skipped; `Infinity` = skipped for the life of the client.
   *
   * @example proxyFile: 'proxies.txt', proxyCooldown: '5m'
   */
  proxyCooldown?: Duration | undefined
}
