/** `--limit-key`: whose limits a row is under, as the option of the library that asks for it. */
import type { Place } from './jobs.ts'
import { knownTemplate, rowTemplate } from './text-template.ts'
import type { ClientOptions } from '../../index.ts'

/** @param columns none where rows may differ */
export function limitKeyOption(text: string | undefined, columns: readonly string[]): Pick<ClientOptions, 'limitKey'> {
  if (text === undefined) return {}
  const fill = columns.length === 0 ? rowTemplate(text) : knownTemplate(text, columns, '--limit-key')
  // An empty one is nobody's: the origin counts.
  return { limitKey: ({ meta }) => fill((meta as Place).row ?? {}) || undefined }
}
