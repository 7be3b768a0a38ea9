/**
 * The record of a run: what has been answered, and which unsafe requests have been started.
 *
 * A line is plain data as it stands in the file, so that a reader needs nothing of this program. Secrets are taken out
 * by whoever makes the line. The port says nothing of files: the local run file and a distributed store are behind it.
 */

/**
 * The fingerprint of a request that could not be sent as it was written: no other one has a dot. It binds nobody, so that
 * whatever has its name in the next run is looked at, and sent if it can be.
 */
export const REFUSED_PRINT = 'refused.........'

/** The first line. */
export interface SaltLine {
  readonly v: 2
  /** 128 random bits: the fingerprints of this record are keyed with it. */
  readonly salt: string
  /** ISO 8601. */
  readonly at: string
}

/** One finished request. */
export interface DoneLine {
  /** Lines of version 1 are read, and not written any more. */
  readonly v: 1 | 2
  /** Its place in the input of its run, from 0. For display: what counts is the `id`. */
  readonly index: number
  /** What the request is called, `Outcome.id`. In version 1 the fingerprint; there the index was the name. */
  readonly id: string
  /** Fingerprint of what was asked: a line counts for a request when `id` and `print` are the same. Version 2. */
  readonly print?: string
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
    readonly v: 1 | 2
    readonly index: number
    readonly id: string
    readonly print?: string
    readonly idempotencyKey?: string
    /** False takes back the intent before it: the server has done nothing. */
    readonly sent?: false
    readonly at: string
    readonly method: string
    /** Without secrets. */
    readonly url: string
  }
}

/** A finished request that the record had when it was opened. */
export interface Known {
  readonly v: 1 | 2
  readonly print: string
  readonly ok: boolean
}

/** An unsafe request of which nobody knows whether it was done. */
export interface Doubt {
  readonly v: 1 | 2
  readonly print: string
  readonly idempotencyKey?: string
  /** The record says so in a finished line, too. */
  readonly hasLine?: true
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
 * `known`, `intent`, `keyedAt`, `sharesPrint`, `read`, `isNew` and `dropped` MUST answer for what the record held when it was opened: a run
 * asks about a request before it sends it, and a run of any length costs no memory per line that it appends.
 *
 * A finished line or intent of version 1 is that of `#<index>`.
 */
export interface Journal {
  /** One more than the highest position by which a request is known; those of REFUSED_PRINT aside. */
  readonly size: number
  /** It held nothing. */
  readonly isNew: boolean
  /** How many requests with keys are known, by a finished line or an intent. */
  readonly keys: number
  /** For the fingerprints. */
  readonly salt: string
  /** What had to be dropped on opening; undefined when the record was whole. */
  readonly dropped: Dropped | undefined
  /** The last finished line of this id: with several the last one MUST win. */
  known(id: string): Known | undefined
  /** An intent of this id without a finished line after it, or with one that says that nobody knows. */
  intent(id: string): Doubt | undefined
  /** The last finished line of a request with a key that was at this place in its run. */
  keyedAt(index: number): Known | undefined
  /** Whether several requests with keys have this fingerprint: they differ in nothing but their keys. */
  sharesPrint(print: string): boolean
  /** The whole line of an id that is known, or of what `keyedAt` knows. MUST reject when it is not, or is damaged by now. */
  read(id: string | number): Promise<DoneLine>
  /**
   * MUST keep the order of calls, and MUST NOT resolve before the line is as safe as the durability says: `process`,
   * handed to the operating system; `power`, on the disk. All lines of one turn of the event loop SHOULD be one write.
   * MUST reject when that fails, and so must all lines that wait and all later ones; MUST NOT throw. A line that cannot
   * be written as JSON rejects alone, with a LineError.
   */
  append(line: DoneLine | IntentLine): Promise<void>
  /** Flushes, closes and unlocks. MUST be idempotent. MUST reject when what was written is not in the record any more. */
  close(): Promise<void>
}

/** No line can be made of this: nothing is wrong with the record. `cause` is what JSON said. */
export class LineError extends Error {}
