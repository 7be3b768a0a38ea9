/** One answer of a server as bytes, and what curl and we make of it. */

export interface Answer {
  readonly what: string
  readonly bytes: Uint8Array
  /** What becomes of the connection behind the bytes; `hold` leaves it open. */
  readonly end: 'fin' | 'rst' | 'hold'
  /** `'ok'` or our code. */
  readonly ours: string
  /** The exit code of curl 7.88 with `--compressed --location`. */
  readonly curl: number
  /** Why we and curl differ, where we do. */
  readonly because?: string
}

/** The same, short enough for a table. */
export type Row = readonly [
  what: string,
  bytes: string | Uint8Array,
  end: Answer['end'],
  ours: string,
  curl: number,
  because?: string,
]

/** Text is Latin-1, so that every byte can be written. */
export const bytesOf = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
