/** A count with its noun: `1 request`, `2 requests`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`
