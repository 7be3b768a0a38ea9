/** How often a property is tried: a fixed number in CI, many times more at night (`npm run nightly:properties`). */
import { seed } from '../support/property.ts'

const TIMES = Number(process.env['PROPERTY_TIMES'] ?? 1)

export const runs = (inCi: number): number => Math.max(1, Math.round(inCi * TIMES))

/** The time limit of a test, for one that hangs. Grows with its number of runs. */
export const limitMs = (inCi = 600_000): number => inCi * Math.max(1, TIMES)

/** For the title of a test, so that every run prints how to repeat it. */
export const SEEDED = `SEED=${seed}`
