/**
 * A file that test/groups.ts lists under SIZED runs twice: small in `npm test`, at full size in `npm run test:rest`.
 */
import { describe, it } from 'vitest'

const isFull = process.env['TEST_SIZE'] !== 'small'

/** The number for this run. */
export const sized = (full: number, small: number): number => (isFull ? full : small)

const nothing: typeof it = new Proxy(it, { apply: () => nothing, get: () => nothing })

/** A test that is too long for `npm test`. It does not exist there, so that a skipped test always means a missing program. */
export const longTest: typeof it = isFull ? it : nothing

/** A group that has only long tests. */
export const describeLong: (name: string, tests: () => void) => void = isFull ? describe : () => undefined
