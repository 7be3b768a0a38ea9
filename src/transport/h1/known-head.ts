/**
 * What a connection needs to know about a response's head, worked out once. Consecutive responses of one server mostly
 * have the same head, byte for byte (`Date` changes once per second), so it is compared before it is parsed, and their
 * outcomes share one list of headers.
 */
import { framingOf } from './framing.ts'
import type { Framing } from './framing.ts'
import type { ResponseHead } from './head-reader.ts'
import type { WireProblem } from './problem.ts'
import { getAllHeaders, getHeader } from '../../core/headers.ts'
import type { HeaderList } from '../../core/headers.ts'

export interface KnownHead extends ResponseHead {
  /** How the body ends if the request was not a HEAD. */
  readonly framing: Framing
  /** Whether the server keeps the connection open (RFC 9112 §9.3). */
  readonly isPersistent: boolean
  /** How long the server keeps the connection while it is idle. Undefined if it does not say. */
  readonly keepAliveMs: number | undefined
}

export function knownHead(head: ResponseHead): KnownHead | WireProblem {
  const { status, version, reason, headers } = head
  const framing = framingOf('GET', status, version, headers)
  if ('code' in framing) return framing
  const isPersistent = staysOpen(head) && framing.kind !== 'close' && !announcesUnsentBody(head)
  return { status, version, reason, headers, framing, isPersistent, keepAliveMs: keepAliveMs(headers) }
}

function staysOpen({ version, headers }: ResponseHead): boolean {
  const options = getAllHeaders(headers, 'connection')
  if (options.length === 0) return version === 11
  const tokens = options
    .join()
    .toLowerCase()
    .split(/[\t ]*,[\t ]*/)
  return !tokens.includes('close') && (version === 11 || (version === 10 && tokens.includes('keep-alive')))
}

/** A 204 or 304 that announces a body may be followed by one, which would be taken for the next response. */
function announcesUnsentBody({ status, headers }: ResponseHead): boolean {
  if (status !== 204 && status !== 304) return false
  if (getHeader(headers, 'transfer-encoding') !== undefined) return true
  return Number(getHeader(headers, 'content-length') ?? 0) > 0
}

/** We close an idle connection this much earlier than the server, because a request that meets the close is lost. */
const MARGIN_MS = 2_000
const MAX_KEEP_ALIVE_MS = 600_000

/** `Keep-Alive: timeout=5`, in seconds, minus a margin (RFC 2068 §19.7.1). */
function keepAliveMs(headers: HeaderList): number | undefined {
  const seconds = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})/i.exec(getHeader(headers, 'keep-alive') ?? '')?.[1]
  if (seconds === undefined) return undefined
  return Math.min(MAX_KEEP_ALIVE_MS, Math.max(0, Number(seconds) * 1_000 - MARGIN_MS))
}
