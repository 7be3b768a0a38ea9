/** Requests that an earlier run has sent: their results from the run file, and which of them are sent again. */
import { lstat } from 'node:fs/promises'
import { recordedResult } from './run-line.ts'
import type { Call } from '../../core/call.ts'
import { reasonOf } from '../../core/callback.ts'
import type { DoneLine } from '../../core/journal.ts'
import { fault } from '../../core/result.ts'
import type { Fault, Result } from '../../core/result.ts'
import type { Words } from '../../core/words.ts'

export const CRASHED: Fault = fault(
  'in_doubt/crash',
  [
    'in flight when the previous run ended, so it is unknown whether it was carried out. ',
    { option: 'unknownWrites', value: 'resend' },
    ' sends it again',
  ],
  { sent: true },
)

/** A job of a run before, of which it is not known where its status is. */
export const JOB_LOST: Fault = fault(
  'in_doubt/crash',
  [
    'its job had been started when the previous run ended, and the URL of its status was not written, because it has a ' +
      'secret: it is unknown whether the job is done. ',
    { option: 'unknownWrites', value: 'resend' },
    ' starts it again',
  ],
  { sent: true },
)

/** Appended to an in-doubt outcome when failed requests are sent again. */
export const NOT_RESENT: Words = [
  'not sent again by ',
  { option: 'retryFailed' },
  ': it is unknown whether it was carried out. ',
  { option: 'unknownWrites', value: 'resend' },
  ' sends it again',
]

/** The result of a line. A value that cannot be read back fails its own request only. */
export function resultIn(line: DoneLine, call: Call): Result {
  try {
    return recordedResult(line, call)
  } catch (error) {
    const message = `its value in the run file cannot be read back: ${reasonOf(error)}`
    return fault('too_large/run_file', message, { sent: true, cause: error })
  }
}

export async function isGone({ value }: DoneLine): Promise<boolean> {
  const path: unknown = Object(value).path
  if (typeof path !== 'string') return false
  return lstat(path).then(
    () => false,
    error => (error as NodeJS.ErrnoException).code === 'ENOENT',
  )
}

export function withKey(call: Call, key: string): Call {
  const headers = call.headers.map((value, at) =>
    at % 2 === 1 && call.headers[at - 1] === 'idempotency-key' ? key : value,
  )
  return { ...call, headers }
}
