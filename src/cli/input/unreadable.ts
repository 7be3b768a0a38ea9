/** An input that cannot be read on: its disk, its network, its pipe. What was read before it is not lost for that. */
import { UsageError } from '../usage-error.ts'
import { reasonOf } from '../../core/callback.ts'

export function unreadable(name: string, error: unknown): UsageError {
  const subject = name === '-' ? 'standard input' : name
  return new UsageError(`-i: expected to read ${subject} to its end, got ${reasonOf(error)}.`)
}
