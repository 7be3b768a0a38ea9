/** The error for an input that fails while it is read: its disk, its network, its pipe. */
import { UsageError } from '../usage-error.ts'
import { reasonOf } from '../../core/callback.ts'

export function unreadable(name: string, error: unknown): UsageError {
  const subject = name === '-' ? 'standard input' : name
  return new UsageError(`-i: expected to read ${subject} to its end, got ${reasonOf(error)}.`)
}
