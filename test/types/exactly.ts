/**
 * Compares types exactly. Not vitest's helper, because these files are also compiled in a consumer's project, with two
 * compilers and without `skipLibCheck`.
 */
// The compiler compares two generic functions by identity of their types, and not by assignability.
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `exactly<Expected>()(value)` compiles only if the type of `value` is exactly `Expected`. */
export declare function exactly<Expected>(): <Actual>(
  value: Actual,
  ...proof: Same<Actual, Expected> extends true ? [] : [never]
) => void
