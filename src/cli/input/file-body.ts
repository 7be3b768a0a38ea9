/** `--body @FILE`: a template if there are rows and the file is text, its bytes otherwise. */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import type { InputPlan } from '../run-plan.ts'
import { UsageError } from '../usage-error.ts'
import { systemReason } from '../../core/system-reason.ts'

export function fileBody(path: string, hasRows: boolean): NonNullable<InputPlan['body']> {
  const bytes = bytesOf(path)
  // A file with NULs is not text, and without braces there is nothing to fill in.
  if (!hasRows || !bytes.includes('{') || bytes.includes(0) || !isUtf8(bytes)) return { kind: 'raw', content: bytes }
  return { kind: 'text', text: bytes.toString(), asBytes: true }
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`cannot read --body @${path}: ${systemReason(error)}.`)
  }
}
