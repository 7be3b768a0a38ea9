/** How long a request and its phases may take, and how slow its body may come. */
import { duration, fields } from '../kinds.ts'
import { option } from '../option.ts'
import { readMinSpeed } from '../speed-input.ts'

const limit = duration({ shortest: 100 })

export const TIMEOUT_OPTIONS = {
  timeout: option({
    scope: 'any',
    perSpec: true,
    read: limit,
    default: '30s',
    crosses: 'plain',
    unit: 'ms',
    doc: 'One attempt, from leaving our queue to the last byte.',
  }),
  timeouts: option({
    scope: 'any',
    perSpec: true,
    read: fields({ connect: limit, headers: limit, idle: limit, callback: limit, total: limit }),
    default: { connect: '10s', headers: '30s', idle: '30s' },
    merge: 'byName',
    crosses: 'plain',
    unit: 'ms',
    doc: '`connect`, `headers`, `idle`: phases of an attempt. `callback`: one call of your function; without it 30 s for `auth` and `beforeRequest`, or `timeout` where that is shorter. `total`: the whole request, queueing included.',
  }),
  minSpeed: option({
    scope: 'any',
    read: readMinSpeed,
    default: { bytes: 256, over: '30s' },
    merge: 'byName',
    crosses: 'plain',
    unit: 'bytes per second',
    doc: 'Slowest body: `bytes` per second, on average over the time `over`; `false` or 0 for none.',
  }),
}
