/** The one cause of a moment, for each combination that a run can be in. */
import { expect, test } from 'vitest'
import { causeOf } from '../../../src/client/run/cause.ts'
import type { Moment } from '../../../src/client/run/cause.ts'
import type { Census } from '../../../src/engine/census.ts'

type Given = Omit<Partial<Moment>, 'census' | 'waits'> & {
  readonly census?: Partial<Census>
  readonly waits?: Partial<Moment['waits']>
}

const momentOf = ({ census, waits, ...more }: Given): Moment => ({
  census: {
    open: 10,
    queued: 0,
    queuedIn: new Map(),
    backingOff: 0,
    polling: 0,
    onWire: 10,
    repeated: 0,
    inCallback: 0,
    untaken: 0,
    isWindowFull: false,
    input: 'over',
    ...census,
  },
  waits: { slot: 0, rate: 0, pause: 0, ...waits },
  isFull: false,
  running: 10,
  busy: 0.1,
  isSaturated: false,
  inOrder: false,
  ...more,
})

const FULL = { isWindowFull: true, untaken: 50, open: 3, onWire: 3 } as const

test.each<[string, string | undefined, Given]>([
  ['a full window of outcomes', 'consumer', { census: FULL, isFull: true, waits: { slot: 9 }, busy: 1 }],
  ['a full window behind the first request, in order', 'server', { census: FULL, inOrder: true }],
  ['a full window of outcomes, in order', 'consumer', { census: { ...FULL, open: 0, onWire: 0 }, inOrder: true }],
  [
    'a full window of requests that are paused',
    'pause',
    { census: { ...FULL, open: 200, untaken: 4 }, waits: { pause: 200 } },
  ],
  ['a rate with free slots', 'rate', { waits: { rate: 2, slot: 1 } }],
  ['a rate while the process is busy', 'rate', { waits: { rate: 2 }, busy: 1 }],
  ['most attempts at a pause', 'pause', { waits: { rate: 2, pause: 5 } }],
  ['all slots in use and a rate', 'concurrency', { isFull: true, waits: { rate: 2 } }],
  ['all slots in use and more input', 'concurrency', { isFull: true, census: { input: 'more' } }],
  ['all slots in use and a busy process', 'cpu', { isFull: true, waits: { slot: 2 }, busy: 0.95 }],
  [
    'all slots in use at a server that is slower then',
    'server',
    { isFull: true, waits: { slot: 2 }, isSaturated: true },
  ],
  ['all slots in use and nothing else to send', 'server', { isFull: true }],
  [
    'all slots in use, by requests in a hook',
    'consumer',
    { isFull: true, waits: { slot: 2 }, census: { onWire: 1, inCallback: 9 } },
  ],
  [
    'all slots in use, and others in a function after their answer',
    'concurrency',
    { isFull: true, waits: { slot: 2 }, census: { onWire: 10, inCallback: 200 } },
  ],
  [
    'a window that is full of requests in a function',
    'consumer',
    { census: { onWire: 1, inCallback: 200, isWindowFull: true, input: 'more' } },
  ],
  ['slots of the host in use', 'concurrency', { waits: { slot: 2 } }],
  ['a busy process', 'cpu', { busy: 0.9 }],
  ['an input that is late', 'input', { census: { input: 'awaited' } }],
  ['more in back-off than on the wire', 'retries', { census: { onWire: 2, backingOff: 8 } }],
  ['more that wait for a job than in back-off', 'server', { census: { onWire: 0, polling: 8, backingOff: 2 } }],
  ['more on the wire than in back-off', 'server', { census: { onWire: 8, backingOff: 2 } }],
  ['a function of the caller', 'consumer', { census: { onWire: 0, inCallback: 3 } }],
  ['nothing', undefined, { census: { onWire: 0, open: 0 } }],
])('%s: %s', (_, cause, given) => {
  expect(causeOf(momentOf(given))?.cause).toBe(cause)
})

test('the share of the slots that retries hold is attributed to retries', () => {
  const moment = momentOf({ isFull: true, waits: { slot: 2 }, census: { onWire: 10, repeated: 4 } })
  expect(causeOf(moment)).toEqual({ cause: 'concurrency', repeats: 0.4 })
})
