/** What helps against a failure, by its code: the flags with which the next run sends the request again. */
import { formatDuration } from '../core/duration.ts'
import type { FlagName } from './flags.ts'

export interface Advice {
  /** `to send # again`, where # stands for the failures. */
  readonly why: string
  /** The entry of `--retry-only`. Undefined if nothing recorded has to be sent again. */
  readonly retry: string | undefined
  readonly flags: readonly (readonly [FlagName, string])[]
}

/** The limits of this run in milliseconds, and its `--accept`. */
export interface Told {
  readonly timeoutMs: number
  readonly connectMs: number
  readonly headersMs: number
  readonly idleMs: number
  readonly totalMs: number
  readonly pollMs: number
  readonly accept: string
}

const AGAIN = 'to send # again'
const NO_FLAGS: Advice['flags'] = []
const again = (retry: string, why = AGAIN, flags = NO_FLAGS): Advice => ({ why, retry, flags })

/** @param waitMs how long the server asks for a pause; 0 if it does not */
export function adviceFor(code: string, told: Told, waitMs: number): Advice | undefined {
  const [of = '', detail = ''] = code.split('/')
  if (of === 'http') return adviceForStatus(detail, told, waitMs)
  if (of === 'timeout') return adviceForTimeout(detail, told)
  const known = BY_CODE[code] ?? BY_CLASS[of]
  return known === undefined ? undefined : { retry: of, flags: NO_FLAGS, ...known }
}

type Known = Pick<Advice, 'why'> & Partial<Advice>

const BY_CODE: Readonly<Record<string, Known>> = {
  'decode/unsupported': {
    why: 'to send # again, and keep the body as received if it cannot be decoded',
    flags: [['content-coding', 'lenient']],
  },
  'redirect/downgrade': {
    why: 'to send # again, if a redirect to http: is acceptable',
    flags: [['allow-downgrade', '']],
  },
  'redirect/body_cross_origin': {
    why: 'to send # again, if another host may get the body',
    flags: [['allow-body-across-origins', '']],
  },
  'redirect/too_many': { why: 'to send # again with more redirects', flags: [['max-redirects', '50']] },
  'poll/failed': { why: 'to start # again', retry: 'poll/failed' },
  'poll/no_status_url': { why: 'to send # again, once --poll-url is given', retry: 'poll/no_status_url' },
  'poll/no_status': { why: 'to follow # further, once --poll-status is correct', retry: 'poll/no_status' },
  'poll/no_result': { why: 'to follow # further, once --poll-result is correct', retry: 'poll/no_result' },
  'poll/downgrade': {
    why: 'to follow # further, if http: is acceptable',
    retry: 'poll/downgrade',
    flags: [['allow-downgrade', '']],
  },
  'resource/poison': {
    why: 'to send # again, although the process that sent it has ended',
    retry: 'resource/poison',
  },
  'parse/too_deep': { why: 'to send # again, with no limit of JSON nesting', flags: [['max-json-depth', 'none']] },
}

const BY_CLASS: Readonly<Record<string, Known>> = {
  dns: { why: 'to send # again, once the host name is correct' },
  tls: { why: 'to send # again, once the certificate is valid or trusted (--tls-ca FILE)' },
  proxy: { why: 'to send # again, once the proxy works' },
  connect: { why: AGAIN },
  reset: { why: AGAIN },
  truncated: { why: AGAIN },
  protocol: { why: AGAIN },
  resource: { why: AGAIN },
  internal: { why: AGAIN },
  parse: { why: AGAIN },
  too_large: { why: 'to send # again, without a size limit', flags: [['max-bytes', 'none']] },
  in_doubt: { why: 'to send # again, if a second write does no harm', flags: [['unknown-writes', 'resend']] },
  invalid_request: { why: 'to send # once the input is corrected', retry: undefined },
}

function adviceForStatus(status: string, { accept }: Told, waitMs: number): Advice | undefined {
  switch (status) {
    case '401':
    case '403':
    case '407':
      return again(status, 'to send # again, once the credentials are correct')
    case '404':
    case '410':
      return again(status, 'to send # again, with that status accepted as ok', [['accept', `${accept},${status}`]])
    case '429':
      return again(status, 'to send # again, with a longer wait for the host', [['max-retry-after', waitFlag(waitMs)]])
    case '408':
    case '425':
      return again(status)
  }
  return status.startsWith('5')
    ? again('5xx', AGAIN, waitMs > 0 ? [['max-retry-after', waitFlag(waitMs)]] : [])
    : undefined
}

/** If the server has not asked for a pause: 15 minutes, a common length of quota windows. */
const waitFlag = (waitMs: number): string => formatDuration(waitMs > 0 ? Math.ceil(waitMs / 1_000) * 1_000 : 900_000)

function adviceForTimeout(phase: string, told: Told): Advice {
  const twice = (flag: FlagName, ms: number, retry: string): Advice =>
    again(retry, 'to send # again with more time', Number.isFinite(ms) ? [[flag, formatDuration(ms * 2)]] : [])
  const isOfAttempt = (ms: number): boolean => told.timeoutMs <= ms
  switch (phase) {
    case 'total':
      return twice('total-timeout', told.totalMs, 'timeout')
    case 'poll': {
      const { flags } = twice('poll-deadline', told.pollMs, 'timeout')
      return again('timeout/poll', 'to follow # further, with more time', flags)
    }
    case 'low_speed':
      return again('timeout', 'to send # again, without a minimum speed', [['min-speed', '0B']])
    case 'headers':
      return isOfAttempt(told.headersMs) ? longer() : twice('headers-timeout', told.headersMs, 'timeout')
    case 'body':
      return isOfAttempt(told.idleMs) ? longer() : twice('idle-timeout', told.idleMs, 'timeout')
    case 'callback':
      return again('timeout')
    default:
      return isOfAttempt(told.connectMs) ? longer() : twice('connect-timeout', told.connectMs, 'timeout')
  }
  function longer(): Advice {
    return twice('timeout', told.timeoutMs, 'timeout')
  }
}
