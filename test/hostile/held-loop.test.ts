import { expect } from 'vitest'
import { observe } from '../support/hostile/run.ts'
import type { Scenario } from '../support/hostile/scenario.ts'
import { reply } from '../support/hostile/steps.ts'
import { figure } from '../support/figure.ts'

/** A scenario in which the client's side blocks the loop when it gets the answer. */
const upon = (hold: () => void): Scenario => ({
  row: 0,
  name: 'an answer that blocks the loop',
  plays: [[reply()]],
  spec: {
    acceptStatus(status) {
      hold()
      return status === 200
    },
  },
  outcome: 'ok',
  retry: '–',
  socket: 'K',
})

function compute(): void {
  const endMs = performance.now() + 900
  while (performance.now() < endMs);
}
const sleep = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900)

figure('the trial of a row reports a client that computes while others wait', async () => {
  const { outcome, wrong } = await observe(upon(compute))
  expect(outcome).toBe('ok')
  expect(wrong.join()).toMatch(/one turn of the event loop computed for \d+/)
})

figure('the trial of a row reports a client that sleeps while others wait', async () => {
  const { outcome, wrong } = await observe(upon(sleep))
  expect(outcome).toBe('ok')
  expect(wrong.join()).toMatch(/one turn of the event loop slept for \d+/)
})
