/** What went wrong between us and the proxy, told apart from everything that the target does. */
import { printable } from '../../core/printable.ts'
import type { Proxy } from '../../core/route.ts'
import type { Reply } from '../../core/result.ts'

/** The second half of a code `proxy/…`. */
export type ProxyDetail =
  /** No connection to the proxy, or one that ended before it had answered. */
  | 'connect'
  /** Its certificate, or a port that speaks no TLS. */
  | 'tls'
  /** It wants credentials, or others. */
  | 'auth'
  /** It answered that it will not, or cannot. */
  | 'refused'
  /** It could not reach the target. */
  | 'unreachable'
  /** It failed, and did not say at what. */
  | 'failed'
  /** What it answered is not its protocol. */
  | 'protocol'

export class ProxyFailure extends Error {
  readonly detail: ProxyDetail
  // Not a field: a cause prints with its fields, and headers may hold secrets.
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

/** A 407, or what SOCKS has for it. */
export function refusedCredentials(proxy: Proxy, reply?: Reply): ProxyFailure {
  const message =
    proxy.credentials === undefined
      ? `the proxy ${proxy.name} wants credentials. Write them into its URL: user:password@`
      : `the proxy ${proxy.name} refused its credentials`
  return new ProxyFailure('auth', message, reply && { reply })
}
