/**
 * A guard, and how to take it out. The text must be there exactly once: a guard that has moved makes the script fail
 * until its table has moved with it.
 */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly put: string
}

export interface Mutant {
  /** The guard that is gone. */
  readonly guard: string
  readonly edits: readonly Edit[]
  /** Test files, or folders of them, of which at least one test must fail. */
  readonly tests: readonly string[]
}

export const mutant = (
  guard: string,
  file: string,
  find: string,
  put: string,
  ...tests: readonly string[]
): Mutant => ({
  guard,
  edits: [{ file, find, put }],
  tests,
})
