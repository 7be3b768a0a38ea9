/**
 * The record of a run: what has been answered, and which unsafe requests have been started.
 *
 * A line is plain data as it stands in the file, so that a reader needs nothing of this program. Secrets are taken out
 * by whoever makes the line. The port says nothing of files: the local run file and a distributed store are behind it.
 */

/**
 * The `id` of a request that could not be sent as it was written: no fingerprint has a dot. It binds nobody, so that
 * whatever stands at its place in the next run is looked at, and sent if it can be.
 */
export const REFUSED_ID = 'refused.........'

/** One finished request. */
export interface DoneLine {
  readonly v: 1
  /** Its place in the input, from 0. */
  readonly index: number
  /** Fingerprint of what was asked: a line counts for a request when `index` and `id` are the same. */
  readonly id: string
  readonly key?: string
  readonly method: string
  /** Without secrets. */
  readonly url: string
  readonly ok: boolean
  readonly status?: number
  /** The decoded value, before schema and parseFunc; absent for undefined. */
  readonly value?: unknown
  /** The value was bytes. */
  readonly encoding?: 'base64'
  /** There when `ok` is false. */
  readonly error?: { readonly code: string; readonly message: string }
  readonly attempts: number
  readonly bytes: number
  /** Milliseconds by part. */
  readonly timings: Readonly<Record<string, number>>
  /** ISO 8601. */
  readonly at: string
  /** More may be there: readers MUST ignore what they do not know. */
  readonly [extra: string]: unknown
}

/** An unsafe request is about to be sent. */
export interface IntentLine {
  readonly intent: {
    readonly v: 1
    readonly index: number
    readonly id: string
    readonly idempotencyKey?: string
    readonly at: string
    readonly method: string
    /** Without secrets. */
    readonly url: string
  }
}

/** A finished request that the record had when it was opened. */
export interface Known {
  readonly id: string
  readonly ok: boolean
}

/** An unsafe request of which nobody knows whether it was done. */
export interface Doubt {
  readonly id: string
  readonly idempotencyKey?: string
}

/** What opening took off the end of a damaged record. Its requests are sent again. */
export interface Dropped {
  readonly bytes: number
  /** Damaged lines, a torn last one included. */
  readonly lines: number
  /** Number of the first one, from 1. */
  readonly firstLine: number
  /** Nothing but a last line that was not written to its end: what any crash leaves. */
  readonly isTorn: boolean
}

/**
 * `known`, `intent`, `read` and `dropped` MUST answer for what the record held when it was opened: a run asks about an
 * index before it sends it, and a run of any length costs no memory per line that it appends.
 */
export interface Journal {
  /** One more than the highest index that it has seen, in the record or appended since; those of REFUSED_ID aside. */
  readonly size: number
  /** What had to be dropped on opening; undefined when the record was whole. */
  readonly dropped: Dropped | undefined
  /** The last finished line of this index: with several the last one MUST win. */
  known(index: number): Known | undefined
  /** An intent of this index without a finished line after it. */
  intent(index: number): Doubt | undefined
  /** The whole line of an index that is known. MUST reject when it is not, or is damaged by now. */
  read(index: number): Promise<DoneLine>
  /**
   * MUST keep the order of calls, and MUST NOT resolve before the line is as safe as the durability says: `process`,
   * handed to the operating system; `power`, on the disk. All lines of one turn of the event loop SHOULD be one write.
   * MUST reject when that fails, and so must all lines that wait and all later ones; MUST NOT throw. A line that cannot
   * be written as JSON rejects alone.
   */
  append(line: DoneLine | IntentLine): Promise<void>
  /** Flushes, closes and unlocks. MUST be idempotent and MUST NOT reject: who appended knows what failed. */
  close(): Promise<void>
}
