/** Warnings for names of --host-limit that match no request, usually a typo. @param has `has` or `had` */
export const unmatchedLines = (names: readonly string[], has: string): string[] =>
  names.map(name => `--host-limit: no request ${has} the host or key '${name}'`)
