/**
 * The record of a run: the finished requests, and the unsafe requests that were started.
 *
 * A line is plain data in the form of the file, so that readers do not need this library. The code that makes a line
 * removes its secrets. The port does not mention files: a local run file or a distributed store can implement it.
 */
import type { ErrorBody } from './error-body.ts'
import type { Fault } from './result.ts'
import type { Try } from './tries.ts'
import type { Attributed } from './attribution.ts'

/**
 * The fingerprint of a request that could not be sent as it was written. No other fingerprint has a dot. It matches any
 * request: the one with the same id in the next run is checked again, and sent if it is valid.
 */
export const REFUSED_PRINT = 'refused.........'

/** The first line. */
export interface SaltLine {
  readonly v: 2
  /** 128 random bits, the key of all fingerprints of this record. */
  readonly salt: string
  /** ISO 8601. */
  readonly at: string
}

/** One finished request. */
export interface DoneLine {
  /** Lines of version 1 are read, but no longer written. */
  readonly v: 1 | 2
  /** The position in the input of its run, from 0. Only for display: the `id` identifies the request. */
  readonly index: number
  /** The identity of the request, `Outcome.id`. In version 1 the fingerprint, where the index was the identity. */
  readonly id: string
  /** The fingerprint of the request. A line belongs to a request with the same `id` and `print`. Only in version 2. */
  readonly print?: string
  readonly key?: string
  /** The id of the request that this one was found in. Absent for a request of the input. */
  readonly parent?: string | undefined
  readonly method: string
  /** Secrets are redacted. */
  readonly url: string
  readonly ok: boolean
  readonly status?: number
  /**
   * The decoded value, before schema and parseFunc. Absent for undefined. A failure has one if its value was refused by
   * the schema or `parseFunc`, or could not be parsed (then as bytes).
   */
  readonly value?: unknown
  /** Present if the value is bytes. */
  readonly encoding?: 'base64'
  /** Present if `ok` is false. */
  readonly error?: { readonly code: string; readonly message: string } & Partial<ErrorBody>
  /** The URL that answered, if it is another one. Secrets are redacted. */
  readonly finalUrl?: string
  /** The `Location` of the response. Secrets are redacted. */
  readonly location?: string
  /** Some of the headers of the response, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  /** What follows the page cannot be found from the line, because its `Link` holds a secret. */
  readonly incomplete?: 'link'
  /** The response is that of the line before with this id, and was judged again: nothing was sent for this line. */
  readonly again?: true
  /** What each attempt did. Absent with one attempt. */
  readonly tries?: readonly Try[]
  readonly attempts: number
  readonly bytes: number
  /** Milliseconds spent in each phase. */
  readonly timings: Readonly<Record<string, number>>
  /** ISO 8601. */
  readonly at: string
  /** A line may have further fields: readers MUST ignore fields that they do not know. */
  readonly [extra: string]: unknown
}

/** An unsafe request is about to be sent. */
export interface IntentLine {
  readonly intent: {
    readonly v: 1 | 2
    readonly index: number
    readonly id: string
    readonly print?: string
    /** The id of the request that this one was found in. */
    readonly parent?: string | undefined
    readonly idempotencyKey?: string
    /** False revokes the previous intent: the server has done nothing. */
    readonly sent?: false
    readonly at: string
    readonly method: string
    /** Secrets are redacted. */
    readonly url: string
  }
}

/**
 * A request has started a job, whose status is about to be asked for at this URL. The next run continues there and does
 * not send the request again.
 */
export interface PollLine {
  readonly poll: {
    readonly v: 2
    readonly index: number
    readonly id: string
    readonly print: string
    /** Absent if the URL has secrets, which are not written. */
    readonly url?: string
    /** Present if another origin than that of the request has named the URL. */
    readonly foreign?: true
    /** Present if it is an operation in the manner of Azure, whose body has a `status`. */
    readonly operation?: true
    /** ISO 8601. */
    readonly at: string
  }
}

/** A note about the run itself. Nothing depends on it: readers of outcomes skip it. */
export type NoteLine = RunStartLine | RunEndLine | PauseLine | BatchLine

/** A run that writes at least one line begins. A record has one for each run that has added to it. */
export interface RunStartLine {
  readonly run: {
    readonly event: 'start'
    /** ISO 8601. */
    readonly at: string
    /** Of this package. */
    readonly version: string
    /** The number of requests, if it is known. */
    readonly total?: number
    /** What shapes the run: its limits, retries, timeouts. No secrets. */
    readonly options: Readonly<Record<string, unknown>>
  }
}

/** The run is over. Missing if its process was killed. */
export interface RunEndLine {
  readonly run: Attributed & {
    readonly event: 'end'
    /** ISO 8601. */
    readonly at: string
    readonly elapsedMs: number
    /** CPU time of the process during the run, user and system. */
    readonly cpuMs: number
  }
}

/** The lines are those of a batch, which several processes have run. */
export interface BatchLine {
  readonly run: {
    readonly event: 'batch'
    /** When it was submitted, ISO 8601. */
    readonly at: string
    readonly batch: string
    readonly chunks: number
    /** The number of processes. Absent if it is unknown. */
    readonly workers?: number
  }
}

/** A host had asked for a pause. ISO 8601. */
export interface PauseLine {
  /** Host and port. */
  readonly pause: string
  readonly from: string
  readonly to: string
}

/** A finished request that was in the record when it was opened. */
export interface RecordedRequest {
  readonly v: 1 | 2
  readonly print: string
  readonly ok: boolean
  /** The code of the failure. Absent if it is ok; a record that cannot keep a code MAY leave it out. */
  readonly code?: string
}

/** An unsafe request that the server may have carried out. */
export interface Doubt {
  readonly v: 1 | 2
  readonly print: string
  readonly idempotencyKey?: string
  /** Present if a finished line says so as well. */
  readonly hasLine?: true
  /** It is no request of the input: it was found while running. */
  readonly isFound?: true
}

/** A job that was not done when the record was opened. */
export interface RecordedJob {
  readonly print: string
  /** Absent if it was not written. */
  readonly url?: string
  readonly isForeign: boolean
  readonly isOperation: boolean
}

/** The damaged end of a record, which was removed when it was opened. Its requests are sent again. */
export interface Dropped {
  readonly bytes: number
  /** The number of damaged lines, including a torn last one. */
  readonly lines: number
  /** The number of the first damaged line, from 1. */
  readonly firstLine: number
  /** True if only the last line is incomplete, as after any crash. */
  readonly isTorn: boolean
}

/**
 * `known`, `intent`, `job`, `keyedAt`, `sharesPrint`, `read`, `isNew` and `dropped` MUST describe the record as it was when it
 * was opened: a run looks a request up before it sends it, and appended lines cost no memory.
 *
 * A finished line or intent of version 1 belongs to the id `#<index>`.
 */
export interface Journal {
  /** One more than the highest position that identifies a recorded request, without requests of REFUSED_PRINT. */
  readonly size: number
  /** True if the record was empty. */
  readonly isNew: boolean
  /** The number of requests with keys that have a finished line or an intent. */
  readonly keys: number
  /** The key of the fingerprints. */
  readonly salt: string
  /** What was removed on opening. Undefined if the record was complete. */
  readonly dropped: Dropped | undefined
  /** The finished line of this id. With several, the last one MUST win. */
  known(id: string): RecordedRequest | undefined
  /** The result of a request that is not sent. Its line is written like any other. Undefined for all others. */
  verdict?(id: string): Fault | undefined
  /** An intent of this id without a later finished line, or with one that says that the request is in doubt. */
  intent(id: string): Doubt | undefined
  /**
   * The last job of this id, if no later intent replaces it, and no later finished line says that it has ended: one that is
   * ok, or has one of the codes `poll/failed`, `http/404` and `http/410`.
   */
  job(id: string): RecordedJob | undefined
  /** The last finished line of a request with a key that was at this position in its run. */
  keyedAt(index: number): RecordedRequest | undefined
  /** Whether several requests with keys have this fingerprint, so that they differ only in their keys. */
  sharesPrint(print: string): boolean
  /**
   * The complete line of a known id, or of an index for `keyedAt`. MUST reject if there is none, or it is damaged by
   * now.
   */
  read(id: string | number): Promise<DoneLine>
  /**
   * MUST keep the order of calls. MUST NOT resolve before the line is as safe as the durability requires: with
   * `process` the operating system has it, with `power` it is on the disk. All lines of one turn of the event loop
   * SHOULD be one write. If that fails, MUST reject this line, all waiting lines and all later ones. MUST NOT throw. A
   * line that cannot be written as JSON rejects alone, with a LineError.
   */
  append(line: DoneLine | IntentLine | PollLine): Promise<void>
  /** The run begins. The line is written before its first line, and not at all if there is none. */
  begin?(line: RunStartLine): void
  /** The run is over. The lines are written only if that of `begin` was. MUST NOT throw. */
  end?(lines: readonly NoteLine[]): void
  /** Flushes, closes and unlocks. MUST be idempotent. MUST reject if written lines are no longer in the record. */
  close(): Promise<void>
}

/** The value cannot be written as a line; the record itself is fine. `cause` is the error of JSON.stringify. */
export class LineError extends Error {}
