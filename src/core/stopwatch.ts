/** Where the time of a request went. Times are monotonic milliseconds. */
export class Stopwatch {
  readonly startedAtMs: number
  /** The time at which `timeouts.total` ends; Infinity for no limit. */
  readonly deadlineMs: number
  queueMs = 0
  limiterMs = 0
  backoffMs = 0
  /** Between the status requests of a job. */
  pollingMs = 0
  /**
   * When the bytes of the current attempt were written; Infinity while it has no connection, undefined if the transport
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

  /** Called before an attempt is sent: times of the connection of an earlier attempt do not belong to it. */
  forgetPhases(): void {
    this.dnsMs = this.connectMs = this.tlsMs = this.firstByteMs = this.bodyMs = undefined
  }
}
