/** What `--json-progress` writes. */

export interface Record {
  readonly type: string
  readonly [field: string]: unknown
}

/** Throws for a line that is not JSON. */
export const recordsOf = (stderr: string): Record[] =>
  stderr
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record)
