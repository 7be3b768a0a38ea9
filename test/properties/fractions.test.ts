/**
 * Fractional times, whose sums are rounded, neither hang the process nor keep its processor busy with zero-length
 * timers. Runs in a process of its own, because a test that never yields the thread cannot be ended.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { seed } from '../support/property.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const FRACTIONS = fileURLToPath(new URL('../support/fraction-process.ts', import.meta.url))
const RUNS = runs(100)

it(
  `each of ${RUNS} batches with fractional times, limits and consumers comes to its end (${SEEDED})`,
  async () => {
    const timeout = limitMs(60_000)
    const told = await new Promise<string>(resolve => {
      execFile(process.execPath, [FRACTIONS, String(seed), String(RUNS)], { timeout }, (error, out, err) =>
        // The last line is the seed at which the process hung or failed.
        resolve(error === null ? out : `${out}${err}`),
      )
    })
    expect(told.trimEnd().split('\n').slice(-12).join('\n')).toMatch(/^done, at most \d+\.\d timers for an attempt$/m)
  },
  limitMs(60_000) + 10_000,
)
