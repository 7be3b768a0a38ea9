/** Error of a local file → Fault. Separate from `faults.ts`, which knows the errors of the wire. */
import { reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault, FaultCode } from '../core/result.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'

/** Codes for writing files. Other errors of the system become `resource/file`. */
const FILES: Readonly<Record<string, readonly [FaultCode, Words]>> = {
  ENOSPC: ['resource/disk', 'its disk is full. Make room, or save elsewhere'],
  EDQUOT: ['resource/disk', 'the quota of its disk is used up. Make room, or save elsewhere'],
  EFBIG: ['resource/disk', 'it is larger than its disk allows'],
  EEXIST: [
    'resource/file',
    ['it already exists and is not replaced. Move it away, save elsewhere, or set ', { option: 'overwrite' }],
  ],
  ENOENT: ['resource/file', 'its folder does not exist. Create it first'],
  EMFILE: ['resource/fd', 'this process has no file descriptor left'],
  ENFILE: ['resource/fd', 'this machine has no file descriptor left'],
}

/** The fault of a file on this machine. */
export function fileFault(error: unknown, path: string): Fault {
  const { code, syscall } = error as NodeJS.ErrnoException
  const known = FILES[code ?? '']
  if (known !== undefined) return fault(known[0], joined(`${path}: `, known[1]), { cause: error })
  const isOfSystem = typeof code === 'string' && (syscall !== undefined || /^E[A-Z]+$/.test(code))
  return fault(isOfSystem ? 'resource/file' : 'internal/unknown', `${path}: ${reasonOf(error)}`, { cause: error })
}
