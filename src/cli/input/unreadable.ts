/** The error for an input that fails while it is read: its disk, its network, its pipe. */
import { UsageError } from '../usage-error.ts'
import { systemReason } from '../../core/system-reason.ts'

export function unreadable(name: string, error: unknown): UsageError {
  const subject = name === '-' ? 'standard input' : `-i ${name}`
  return new UsageError(`cannot read ${subject} to its end: ${systemReason(error)}.`)
}
