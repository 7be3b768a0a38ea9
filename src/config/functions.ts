/** Readers of options that are functions: what a function takes and returns is the caller's promise. */
import { func } from './kinds.ts'
import type { Read } from './kinds.ts'

export const funcOf = <F>(): Read<F> => func as unknown as Read<F>
