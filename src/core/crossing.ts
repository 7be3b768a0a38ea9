/** What may go to another origin when a response leads there: by a redirect, or to the next page. */

/** Headers that describe the wanted response and do not identify the user. */
const CROSSING: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'if-range',
  'range',
  'user-agent',
])
/** Headers that describe a body go where the body goes. */
const OF_BODY = /^content-/

export const isOfBody = (name: string): boolean => OF_BODY.test(name)

/** Whether a header may cross an origin. */
export const mayCross = (name: string, takesBody: boolean): boolean =>
  CROSSING.has(name) || (takesBody && isOfBody(name))
