/** Why a file of this machine could not be written or read → Fault. Beside `faults.ts`, which knows the errors of the wire. */
import { reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault, FaultCode } from '../core/result.ts'

/** Codes of files that are written; what is not here is `resource/file` if it is an error of the system at all. */
const FILES: Readonly<Record<string, readonly [FaultCode, string]>> = {
  ENOSPC: ['resource/disk', 'its disk is full. Make room, or save elsewhere'],
  EDQUOT: ['resource/disk', 'the quota of its disk is used up. Make room, or save elsewhere'],
  EFBIG: ['resource/disk', 'it is larger than its disk allows'],
  EEXIST: ['resource/file', 'it is there already, and nothing is replaced. Move it away, or save elsewhere'],
  ENOENT: ['resource/file', 'its folder is not there. Make it first'],
  EMFILE: ['resource/fd', 'this process has no file descriptor left'],
  ENFILE: ['resource/fd', 'this machine has no file descriptor left'],
}

/** Of a file on this machine. */
export function fileFault(error: unknown, path: string): Fault {
  const { code, syscall } = error as NodeJS.ErrnoException
  const known = FILES[code ?? '']
  if (known !== undefined) return fault(known[0], `${path}: ${known[1]}`, { cause: error })
  const isOfSystem = typeof code === 'string' && (syscall !== undefined || /^E[A-Z]+$/.test(code))
  return fault(isOfSystem ? 'resource/file' : 'internal/unknown', `${path}: ${reasonOf(error)}`, { cause: error })
}
