/**
 * A test that judges by the clock, CPU time or memory. On a busy machine it fails without a fault of the code, so it is
 * a bench: it runs with `npm run bench:figures`, and is otherwise skipped, and counted.
 */
import { it } from 'vitest'

// oxlint-disable-next-line vitest/expect-expect, vitest/no-disabled-tests -- the caller gives the title and the function
export const figure = it.runIf(process.env['FIGURES'] === '1')
