/** Where the body of a response goes in place of memory: a caller's function, a file. The transport writes, it does not decide. */
import type { Attempt } from './attempt.ts'
import type { Fault, Reply, Result, Taken } from './result.ts'

export interface BodyWriter {
  /** Takes a piece. A promise: no further piece before it settles. A Fault ends the attempt. MUST NOT throw or reject. */
  write(piece: Uint8Array): Promise<Fault | undefined> | undefined
  /** All of the body has been written, and nothing is wrong with it. */
  end(): Promise<Fault | Taken>
  /** Nothing more comes: the attempt has failed, or was given up. May be called while a piece is being taken. */
  stop(): void
}

/** One per request; it outlives attempts and redirects. */
export interface BodySink {
  /** Before anything is sent. A Fault: nothing is. */
  open(): Promise<Fault | undefined> | undefined
  /**
   * Before each attempt, whose headers it may change. A promise: it is not sent before that settles, and not at all with
   * a Fault. MUST NOT throw or reject.
   */
  prepare(attempt: Attempt): Promise<Fault | undefined> | undefined
  /** At the head of each response: who takes its body; undefined to collect it as ever; a Fault to refuse it. */
  begin(head: Reply): BodyWriter | Fault | undefined
  /** The attempt is over, and the body is not here: what nothing has come into yet MUST NOT be held while others wait. */
  rest(): void
  /** The request is over, whatever comes: the result as it leaves. */
  close(result: Result): Result | Promise<Result>
}
