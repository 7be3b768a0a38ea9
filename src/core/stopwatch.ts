/** Where the time of a request went. Times are monotonic milliseconds. */
export class Stopwatch {
  readonly startedAtMs: number
  /** `timeouts.total` as a time; Infinity for none. */
  readonly deadlineMs: number
  queueMs = 0
  limiterMs = 0
  backoffMs = 0
  /**
   * When the present attempt's bytes were written; Infinity while it has no connection, undefined where the transport
   * does not report it.
   */
  sentAtMs: number | undefined = undefined
  /** The phases of the last attempt that reached the wire. */
  dnsMs: number | undefined = undefined
  connectMs: number | undefined = undefined
  tlsMs: number | undefined = undefined
  firstByteMs: number | undefined = undefined
  bodyMs: number | undefined = undefined

  constructor(startedAtMs: number, deadlineMs: number) {
    this.startedAtMs = startedAtMs
    this.deadlineMs = deadlineMs
  }

  /** Before an attempt goes on the wire: what an earlier attempt spent on its connection is not this one's. */
  forgetPhases(): void {
    this.dnsMs = this.connectMs = this.tlsMs = this.firstByteMs = this.bodyMs = undefined
  }
}
