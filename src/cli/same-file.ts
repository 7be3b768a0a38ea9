/** Whether two paths lead to the same file, also through links, so that the input is not overwritten. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

export function isSameFile(a: string, b: string): boolean {
  if (resolve(a) === resolve(b)) return true
  const [one, other] = [identityOf(a), identityOf(b)]
  return one !== undefined && one === other
}

/** Undefined if the file does not exist, or is not a regular file: overwriting a device loses nothing. */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true })
    return stats.isFile() ? `${stats.dev} ${stats.ino}` : undefined
  } catch {
    // The code that opens the file reports the error.
    return undefined
  }
}
