/** Whether somebody gives standard input something to read: a file, or the end of a pipe. */
import { fstatSync } from 'node:fs'

/** False of a terminal, of /dev/null (as in cron and containers), and where it is closed. */
export function isStandardInputGiven(): boolean {
  try {
    const stat = fstatSync(0)
    // Some programs give those that they start a socket in the place of a pipe.
    return stat.isFile() || stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}
