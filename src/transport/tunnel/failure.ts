/** A failure between us and the proxy, kept apart from failures of the target. */
import { printable } from '../../core/printable.ts'
import type { Proxy } from '../../core/route.ts'
import type { Reply } from '../../core/result.ts'

/** The second half of a code `proxy/…`. */
export type ProxyDetail =
  /** No connection to the proxy, or it ended before the proxy answered. */
  | 'connect'
  /** The proxy's certificate is invalid, or its port does not speak TLS. */
  | 'tls'
  /** The proxy wants credentials, or other ones. */
  | 'auth'
  /** The proxy answered that it will not or cannot connect. */
  | 'refused'
  /** The proxy could not reach the target. */
  | 'unreachable'
  /** The proxy failed without giving a reason. */
  | 'failed'
  /** The answer does not follow the proxy's protocol. */
  | 'protocol'

export class ProxyFailure extends Error {
  readonly detail: ProxyDetail
  // Not a field: the fields of a cause are printed, and headers may hold secrets.
  readonly #reply: Reply | undefined

  constructor(detail: ProxyDetail, message: string, { reply, cause }: { reply?: Reply; cause?: unknown } = {}) {
    super(printable(message), cause === undefined ? undefined : { cause })
    this.detail = detail
    this.#reply = reply
  }

  get reply(): Reply | undefined {
    return this.#reply
  }
}

/** A 407, or its equivalent in SOCKS. */
export function refusedCredentials(proxy: Proxy, reply?: Reply): ProxyFailure {
  const message =
    proxy.credentials === undefined
      ? `the proxy ${proxy.name} wants credentials. Write them into its URL: user:password@`
      : `the proxy ${proxy.name} refused its credentials`
  return new ProxyFailure('auth', message, reply && { reply })
}
