/** Which proxies a client goes through, as a caller writes it. */
import type { Duration, ProxyInput } from './spec.ts'

/** Proxies of a client: one, or a list of which each attempt takes another one. */
export interface ProxyOptions {
  /**
   * Every request goes through this proxy, and never around it: `http://user:password@host:3128`, `https://…` or
   * `socks5://…` (with `socks5h:` and `socks5:` alike names are looked up at the proxy); `host:port:user:password` is
   * an http: proxy. `'env'` takes those of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; `false` or null is
   * none. A failure of the proxy is `proxy/…` or `timeout/proxy`. Not with `transport`. Default none; `'env'` where Node
   * was told so, by `NODE_USE_ENV_PROXY=1` or `--use-env-proxy`.
   *
   * @example proxy: 'http://user:password@proxy.example:3128'
   */
  proxy?: ProxyInput | undefined
  /** The same with a list, of which each attempt takes another one, repeats and redirect hops too. Default none. */
  proxies?: readonly (string | URL)[] | undefined
  /** The path of such a list: `host:port`, `host:port:user:password` or a URL per line; `#` begins a comment. Default none. */
  proxyFile?: string | undefined
  /** In turn, or at random. Default `'round_robin'`. */
  proxySelection?: 'round_robin' | 'random' | undefined
  /**
   * How long a proxy that failed by itself is passed over. When all cool down, the one that is back soonest is taken;
   * those that refused their credentials are not asked at all: `proxy/auth`. Default `'60s'`. 0 = not at all.
   */
  proxyCooldown?: Duration | undefined
}
