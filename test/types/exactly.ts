/**
 * Compares types exactly. Own, not vitest's: these files are also compiled inside a consumer's project, under two
 * compilers and without `skipLibCheck`.
 */
// The compiler compares two generic functions by their types, not by what they could be assigned.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `exactly<Expected>()(value)` compiles when the type of `value` is `Expected` and nothing wider or narrower. */
export declare function exactly<Expected>(): <Actual>(
  value: Actual,
  ...proof: Same<Actual, Expected> extends true ? [] : [never]
) => void
