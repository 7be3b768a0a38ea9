/**
 * Readers of options that are functions. They cannot check the parameters and the result of a function: its type is
 * asserted.
 */
import { func } from './kinds.ts'
import type { Read } from './kinds.ts'

export const funcOf = <F>(): Read<F> => func as unknown as Read<F>
