/**
 * Ctrl-C: the first lets what is under way finish, the second ends it. SIGTERM, and SIGHUP of a terminal that goes, end
 * it at once, with its lines written.
 * Says with what code the process ends.
 */
export interface Interrupts {
  /** 129, 130 or 143; undefined where nobody interrupted. */
  readonly exitCode: number | undefined
  close(): void
}

export interface Interrupted {
  /** Sends nothing more. */
  readonly stop: () => void
  /** How many wait for a host that is paused. */
  readonly paused: () => number
  /** Gives up what is under way. */
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
      say(`interrupted: what is under way finishes${unsent}; once more ends it`)
      stop()
    } else if (count === 2) abort()
    else process.exit(130)
  }
  const onTerm = (): void => {
    exitCode ??= 143
    abort()
  }
  const onHangUp = (): void => {
    exitCode ??= 129
    abort()
  }
  process.on('SIGHUP', onHangUp)
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerm)
  return {
    get exitCode() {
      return exitCode
    },
    close() {
      process.off('SIGHUP', onHangUp)
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerm)
    },
  }
}
