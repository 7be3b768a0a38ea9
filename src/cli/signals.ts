/**
 * Handles signals and determines the exit code. The first Ctrl-C lets requests in flight finish, the second aborts them.
 * SIGTERM, and SIGHUP of a terminal that closes, abort at once; finished results are still written.
 */
export interface Interrupts {
  /** 129, 130 or 143; undefined without a signal. */
  readonly exitCode: number | undefined
  close(): void
}

export interface Interrupted {
  /** Stops sending new requests. */
  readonly stop: () => void
  /** The number of requests that wait for a paused host. */
  readonly paused: () => number
  /** Aborts requests in flight. */
  readonly abort: () => void
  readonly say: (text: string) => void
}

export function interrupts({ stop, paused, abort, say }: Interrupted): Interrupts {
  let exitCode: number | undefined
  let count = 0
  const onInterrupt = (): void => {
    exitCode ??= 130
    count++
    if (count === 1) {
      const waiting = paused()
      const unsent =
        waiting === 0
          ? ''
          : `, ${waiting} that wait${waiting === 1 ? 's' : ''} for a paused host ${waiting === 1 ? 'is' : 'are'} not sent`
      say(`interrupted: requests in flight finish${unsent}. Press Ctrl-C again to abort them.`)
      stop()
    } else if (count === 2) abort()
    else {
      // By the system: an exit of Node waits for a write to a pipe that nobody reads.
      close()
      process.kill(process.pid, 'SIGINT')
    }
  }
  const onTerm = (): void => {
    exitCode ??= 143
    abort()
  }
  const onHangUp = (): void => {
    exitCode ??= 129
    abort()
  }
  const close = (): void => {
    process.off('SIGHUP', onHangUp)
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onTerm)
  }
  process.on('SIGHUP', onHangUp)
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerm)
  return {
    get exitCode() {
      return exitCode
    },
    close,
  }
}
