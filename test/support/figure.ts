/**
 * What is measured by the clock, CPU time or memory. A busy machine changes it without a fault of the code, so no test
 * of `npm test` or `npm run test:rest` judges it; `npm run bench:figures` does, on a machine that is otherwise idle.
 */
import { expect, it } from 'vitest'

/** A test that only measures. Elsewhere it is skipped, and counted as skipped. */
// oxlint-disable-next-line vitest/expect-expect, vitest/no-disabled-tests -- the caller gives the title and the function
export const figure = it.runIf(process.env['FIGURES'] === '1')

interface Bounds {
  toBeLessThan(bound: number): void
  toBeLessThanOrEqual(bound: number): void
  toBeGreaterThan(bound: number): void
  toBeGreaterThanOrEqual(bound: number): void
}

const accept = (): void => undefined
const NOT_JUDGED: Bounds = {
  toBeLessThan: accept,
  toBeLessThanOrEqual: accept,
  toBeGreaterThan: accept,
  toBeGreaterThanOrEqual: accept,
}

/**
 * `expect` for one measured number of a test that proves something else: what happens, as opposed to how fast.
 *
 * @example expectFigure(performance.now() - abortedAtMs).toBeLessThan(100)
 */
export const expectFigure = (measured: number, label?: string): Bounds =>
  // oxlint-disable-next-line vitest/valid-expect -- Its matcher is called where it is used.
  process.env['FIGURES'] === '1' ? expect(measured, label) : NOT_JUDGED
