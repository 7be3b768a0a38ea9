/** What the advice says of the CPU: threads help only a process that has used it. */
import { expect, test } from 'vitest'
import { adviceOf } from '../../../src/client/run/advice.ts'
import type { Evidence } from '../../../src/client/run/advice.ts'

const EVIDENCE: Evidence = {
  share: 0.9,
  // Not looked at for this cause.
  statistics: {} as Evidence['statistics'],
  slots: 20,
  slotsName: 'concurrency 20',
  peak: 20,
  firstBytes: undefined,
  busy: 0.98,
  onCpu: 0.95,
  limit: undefined,
  pausedHosts: [],
  mostUntaken: 0,
  hadFullWindow: false,
  mostInCallback: 0,
}

test.each<[string, Partial<Evidence>, string]>([
  [
    'a process that used the CPU',
    {},
    'this process was the limit for 90 % of the run: its event loop was busy for 98 % of that time. See workers.',
  ],
  [
    'a process that others kept from the CPU',
    { onCpu: 0.31 },
    'this machine was the limit for 90 % of the run: the event loop of this process was busy for 98 % of that time and had a ' +
      'CPU for 31 % of it. Other processes need the CPU, or a function blocks without using it.',
  ],
  [
    'a process with threads',
    { onCpu: 3.2 },
    'this process was the limit for 90 % of the run: its event loop was busy for 98 % of that time. See workers.',
  ],
])('the CPU: %s', (_, evidence, advice) => {
  expect(adviceOf('cpu', { ...EVIDENCE, ...evidence })).toBe(advice)
})
