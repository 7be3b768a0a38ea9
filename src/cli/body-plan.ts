/** Reads the flags for a body. At most one of them may be given. */
import type { FlagValues } from './flags.ts'
import type { InputPlan } from './run-plan.ts'
import { secretOf } from './secret.ts'
import type { Problem } from '../core/problem.ts'

export function bodyPlan({ json, body, form, multipart }: FlagValues, problems: Problem[]): InputPlan['body'] {
  const given = Object.entries({ json, body, form, multipart }).flatMap(([name, value]) =>
    value === undefined ? [] : `--${name}`,
  )
  if (given.length > 1) {
    problems.push(`expected one of --json, --body, --form and --multipart, got ${given.join(' and ')}.`)
  }
  if (multipart !== undefined) return { kind: 'multipart', fields: multipart }
  if (form !== undefined) return { kind: 'form', fields: form }
  if (body?.startsWith('@') === true) return { kind: 'file', path: body.slice(1) }
  if (body !== undefined) return { kind: 'text', text: body }
  if (json === undefined) return undefined
  return { kind: 'json', text: json.startsWith('@') ? (secretOf(json, '--json', {}, problems) ?? '') : json }
}
