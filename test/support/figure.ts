/**
 * A test that judges by the clock, CPU time or memory. A busy machine turns it red without a fault of ours, so it is a
 * bench: it runs with `npm run bench:figures` and is skipped, and counted, otherwise.
 */
import { it } from 'vitest'

// oxlint-disable-next-line vitest/expect-expect, vitest/no-disabled-tests -- It is given its title and function where it is used.
export const figure = it.runIf(process.env['FIGURES'] === '1')
