/** The options of time limits: of a request, of its phases, and the minimum speed of its body. */
import { duration, fields } from '../kinds.ts'
import { option, part } from '../option.ts'
import { readMinSpeed } from '../speed-input.ts'
import type { Values } from '../table.ts'
import { isStreamed } from './results.ts'
import type { SpeedPlan, TimeoutPlan } from '../../core/call.ts'

const limit = duration({ shortest: 100 })

export const TIMEOUT_OPTIONS = {
  timeout: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: limit,
    default: '30s',
    crosses: 'plain',
    unit: 'ms',
    doc: 'Time limit of one attempt, from leaving the queue to the last byte.',
  }),
  timeouts: option({
    scope: 'any',
    plan: 'part',
    perSpec: true,
    read: fields({ connect: limit, headers: limit, idle: limit, callback: limit, total: limit }),
    default: { connect: '10s', headers: '30s', idle: '30s' },
    merge: 'byName',
    crosses: 'plain',
    unit: 'ms',
    doc: '`connect`, `headers`, `idle`: phases of an attempt. `callback`: one call of your function; the default is no limit, but for `auth` and `beforeRequest` the shorter of 30 s and `timeout`. `total`: the whole request, queueing included.',
    fieldDocs: {
      connect: 'Time limit of DNS lookup, connection and TLS handshake together.',
      headers: 'Time limit from the end of the request to the response headers.',
      idle: 'Time limit between two pieces of a body, sent or received.',
      total: 'Time limit of the whole request: queueing, back-off and every attempt.',
    },
  }),
  minSpeed: option({
    scope: 'any',
    plan: 'part',
    read: readMinSpeed,
    default: { bytes: 256, over: '30s' },
    merge: 'byName',
    crosses: 'plain',
    unit: 'bytes per second',
    doc: 'Minimum speed of a body: `bytes` per second, on average over the time `over`; `false` or 0 for none.',
    fieldDocs: {
      bytes: 'Minimum speed of a body, in bytes per second; 0 for no limit.',
      over: 'The time over which `bytes` is averaged.',
    },
  }),
}

export const CALL_TIMEOUTS = {
  timeouts: part(['timeout', 'timeouts', 'returnType'], planTimeouts),
  minSpeed: part(['minSpeed'], ({ minSpeed }: Values): SpeedPlan => {
    const { bytes, over } = { ...TIMEOUT_OPTIONS.minSpeed.default, ...minSpeed }
    return { bytesPerSecond: bytes as number, overMs: over as number }
  }),
}

/** `auth` and `beforeRequest` run outside of the attempt, so its limits do not end them. */
const DRESSING_MS = 30_000

function planTimeouts(values: Values): TimeoutPlan {
  const {
    connect,
    headers,
    idle,
    total = Infinity,
    callback,
  } = {
    ...TIMEOUT_OPTIONS.timeouts.default,
    ...values.timeouts,
  }
  const attemptMs = values.timeout ?? (isStreamed(values) ? Infinity : TIMEOUT_OPTIONS.timeout.default)
  return {
    attemptMs,
    connectMs: connect as number,
    headersMs: headers as number,
    idleMs: idle as number,
    callbackMs: callback ?? Infinity,
    dressingMs: callback ?? Math.min(DRESSING_MS, attemptMs),
    totalMs: total,
  }
}
