/** Error of a local file → Fault. Separate from `faults.ts`, which knows the errors of the wire. */
import { fault } from '../core/result.ts'
import type { Fault, FaultCode } from '../core/result.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'
import { systemReason } from '../core/system-reason.ts'

/** Codes for writing files. Other errors of the system become `resource/file`. */
const FILES: Readonly<Record<string, readonly [FaultCode, Words]>> = {
  ENOSPC: ['resource/disk', 'no space left on device (ENOSPC). Make room, or save elsewhere'],
  EDQUOT: ['resource/disk', 'the disk quota is used up (EDQUOT). Make room, or save elsewhere'],
  EFBIG: ['resource/disk', 'file too large (EFBIG). Save elsewhere'],
  EEXIST: ['resource/file', ['it exists (EEXIST). Move it away, save elsewhere, or set ', { option: 'overwrite' }]],
  ENOENT: ['resource/file', 'no such folder (ENOENT). Make it first'],
  EMFILE: ['resource/fd', 'this process has no file descriptor left'],
  ENFILE: ['resource/fd', 'this machine has no file descriptor left'],
}

/** The fault of a file on this machine. */
export function fileFault(error: unknown, path: string): Fault {
  const { code, syscall } = error as NodeJS.ErrnoException
  const known = FILES[code ?? '']
  const cannot = `cannot write ${path}: `
  if (known !== undefined) return fault(known[0], joined(cannot, known[1]), { cause: error })
  const isOfSystem = typeof code === 'string' && (syscall !== undefined || /^E[A-Z]+$/.test(code))
  return fault(isOfSystem ? 'resource/file' : 'internal/unknown', `${cannot}${systemReason(error)}`, { cause: error })
}
