/**
 * Times with fractions, whose sums are rounded, keep nothing from its end: not the process, which would stand still in one
 * moment, and not its processor, which a timer of no time would keep busy. In a process of its own, since a test that
 * never gives the thread back cannot be ended.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { seed } from '../support/property.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const FRACTIONS = fileURLToPath(new URL('../support/fraction-process.ts', import.meta.url))
const RUNS = runs(100)

it(
  `every batch comes to its end, whatever its limits, times and consumers, over ${RUNS} of them (${SEEDED})`,
  async () => {
    const timeout = limitMs(60_000)
    const told = await new Promise<string>(resolve => {
      execFile(process.execPath, [FRACTIONS, String(seed), String(RUNS)], { timeout }, (error, out, err) =>
        // The last line is the seed at which it stood still, or failed.
        resolve(error === null ? out : `${out}${err}`),
      )
    })
    expect(told.trimEnd().split('\n').slice(-12).join('\n')).toMatch(/^done, at most \d+\.\d timers for an attempt$/m)
  },
  limitMs(60_000) + 10_000,
)
