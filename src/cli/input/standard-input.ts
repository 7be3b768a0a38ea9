/** Whether standard input is a file or a pipe, and which inputs another run could not read again. */
import { fstatSync, statSync } from 'node:fs'

/** False for a terminal, for /dev/null (as in cron and containers), and if standard input is closed. */
export function isStandardInputGiven(): boolean {
  try {
    const stat = fstatSync(0)
    // Some programs start their children with a socket instead of a pipe.
    return stat.isFile() || stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}

/** Standard input, a pipe or `<(command)`: what was read from it is gone. */
export const isReadOnce = (path: string): boolean =>
  path === '-' || statSync(path, { throwIfNoEntry: false })?.isFile() !== true
