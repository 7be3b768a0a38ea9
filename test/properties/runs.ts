/** How often a property is tried: in CI as often as fits there, at night (`npm run nightly:properties`) far more often. */
import { seed } from '../support/property.ts'

const TIMES = Number(process.env['PROPERTY_TIMES'] ?? 1)

export const runs = (inCi: number): number => Math.round(inCi * TIMES)

/** A test's limit grows with its runs. */
export const limitMs = (inCi = 60_000): number => inCi * Math.max(1, TIMES)

/** For the name of a test, so that every run prints how to repeat it. */
export const SEEDED = `SEED=${seed}`
