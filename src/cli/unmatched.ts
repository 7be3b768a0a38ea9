/** Names of --host-limit that hold for nothing, mostly by a slip. @param has `has` or `had` */
export const unmatchedLines = (names: readonly string[], has: string): string[] =>
  names.map(name => `--host-limit: no request ${has} the host or key '${name}'`)
