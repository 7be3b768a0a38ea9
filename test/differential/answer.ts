/** One answer of a server as bytes, with the verdicts of curl and of this library. */

export interface Answer {
  readonly what: string
  readonly bytes: Uint8Array
  /** What happens to the connection after the bytes. `hold` leaves it open. */
  readonly end: 'fin' | 'rst' | 'hold'
  /** `'ok'` or our error code. */
  readonly ours: string
  /** The exit code of curl 7.88 with `--compressed --location`. */
  readonly curl: number
  /** Why the two verdicts differ. Absent if they agree. */
  readonly because?: string
}

/** The same as a tuple, short enough for a table. */
export type Row = readonly [
  what: string,
  bytes: string | Uint8Array,
  end: Answer['end'],
  ours: string,
  curl: number,
  because?: string,
]

/** Text is Latin-1, so that a row can contain any byte. */
export const bytesOf = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
