/** An input that was cut short on purpose: what a run file knows of beyond its end is no sign of another input. */
const PARTIAL = Symbol('partial')

export const partial = <T extends object>(input: T): T => Object.assign(input, { [PARTIAL]: true })

export const isPartial = (input: object): boolean => PARTIAL in input
