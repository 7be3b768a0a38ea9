/**
 * A destination for the body of a response other than memory: a caller's function, a file. The transport only writes to
 * it.
 */
import type { Attempt } from './attempt.ts'
import type { Fault, Reply, Result, Taken } from './result.ts'

export interface BodyWriter {
  /**
   * Takes a piece of the body. If it returns a promise, the transport waits for it before the next piece. A Fault ends
   * the attempt. MUST NOT throw or reject.
   */
  write(piece: Uint8Array): Promise<Fault | undefined> | undefined
  /** The transport calls it when the whole body is written and valid. */
  end(): Promise<Fault | Taken>
  /** The attempt failed or was aborted; no further piece comes. May be called while `write` is pending. */
  stop(): void
}

/** One per request: it outlives the attempts and redirect hops. */
export interface BodySink {
  /** Called before anything is sent. With a Fault, nothing is sent. */
  open(): Promise<Fault | undefined> | undefined
  /**
   * Called before each attempt, and may change its headers. The attempt is sent after the promise settles, and not at
   * all with a Fault. MUST NOT throw or reject.
   */
  prepare(attempt: Attempt): Promise<Fault | undefined> | undefined
  /**
   * Called at the head of each response. Returns a writer for its body, undefined to collect it in memory, or a Fault.
   */
  begin(head: Reply): BodyWriter | Fault | undefined
  /**
   * The attempt has ended and its body did not arrive. The sink MUST NOT keep an empty file open: other requests may
   * wait for a file descriptor.
   */
  rest(): void
  /** The request is over. Returns its final result. */
  close(result: Result): Result | Promise<Result>
}
