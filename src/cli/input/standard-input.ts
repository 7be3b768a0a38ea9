/** Whether standard input is a file or a pipe. */
import { fstatSync } from 'node:fs'

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
