/** Cookies as callers write them: values by name. */
export type CookiePairs = Readonly<Record<string, string>>
