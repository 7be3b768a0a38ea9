/** Why a path cannot be written, and the remedy, as a Problem. For the sinks and the outputs of the command line. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SystemFailure } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'
import type { Words } from '../core/words.ts'

const OVERWRITE_REMEDY: Words = [
  'Set ',
  { option: 'overwrite', value: true },
  ' to replace it, or choose another path.',
]

/** @param said the path as the message calls it: `-o results.csv` */
export function refusalOf(path: string, error: unknown, said: string = path): SystemFailure {
  const cannot = `write ${said}`
  const { code = '' } = error as NodeJS.ErrnoException
  switch (code) {
    case 'EEXIST':
      return existsSync(path)
        ? { cannot, because: `it exists (${code})`, remedy: OVERWRITE_REMEDY }
        : { cannot, because: `it is a link to nothing (${code})`, remedy: 'Remove it, or choose another path.' }
    case 'ENOENT':
      return { cannot, because: `no such folder (${code})`, remedy: `Make ${dirname(path)} first.` }
    case 'EISDIR':
      return { cannot, because: `it is a folder (${code})`, remedy: 'Add a name to it.' }
    case 'ENOTDIR':
      return { cannot, because: `a part of its path is a file (${code})`, remedy: 'Choose another path.' }
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { cannot, because: systemReason(error), remedy: 'Ask for the permission, or choose another path.' }
    default:
      return { cannot, because: systemReason(error), remedy: 'Choose another path.' }
  }
}
