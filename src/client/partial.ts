/**
 * Marks an input that was cut short on purpose: requests that the run file has beyond its end do not show another
 * input.
 */
const PARTIAL = Symbol('partial')

export const partial = <T extends object>(input: T): T => Object.assign(input, { [PARTIAL]: true })

export const isPartial = (input: object): boolean => PARTIAL in input
