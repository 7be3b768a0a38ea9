/** Whether two paths lead to one file, also by a link: what is read must not be written over. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'

export function isSameFile(a: string, b: string): boolean {
  if (resolve(a) === resolve(b)) return true
  const [one, other] = [identityOf(a), identityOf(b)]
  return one !== undefined && one === other
}

/** Undefined where there is none yet, or something that is no file: of a device nothing is lost. */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true })
    return stats.isFile() ? `${stats.dev} ${stats.ino}` : undefined
  } catch {
    // What is wrong with it is said by who opens it.
    return undefined
  }
}
