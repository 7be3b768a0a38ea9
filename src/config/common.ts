/**
 * Values that are the same in all requests of an input, although each request contains them: the constant headers and
 * the credentials that flags of the command line add to every row. They do not distinguish one row from another.
 */
const COMMON_VALUES = new WeakSet<object>()

export function markCommon<T extends object>(value: T): T {
  COMMON_VALUES.add(value)
  return value
}

export const isCommon = (value: object): boolean => COMMON_VALUES.has(value)
