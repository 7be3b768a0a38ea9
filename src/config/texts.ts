/** Guards for options that are text. */
export const isText = (value: unknown): value is string => typeof value === 'string'

export const isFilled = (value: unknown): value is string => isText(value) && value !== ''
