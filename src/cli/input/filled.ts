/** Fills a row into a URL template. A row that cannot be filled becomes `Unusable` and fails alone. */
import type { Place } from './jobs.ts'
import type { LongLine } from './lines.ts'
import { RowProblem } from '../template/row-problem.ts'
import type { Fill, Row } from '../template/text.ts'
import { UsageError } from '../usage-error.ts'
import { Unusable } from '../../config/unusable.ts'

export function filled(fill: Fill, row: Row, place: Place): string | Unusable {
  try {
    return fill(row)
  } catch (error) {
    return unusable(error, place)
  }
}

export function unusable(error: unknown, place: Place): Unusable {
  const at = `${place.file}:${place.line}: `
  if (error instanceof RowProblem) return new Unusable(`${at}${error.message}`, error.url, place, error.detail)
  if (error instanceof UsageError) return new Unusable(`${at}${error.message}`, '', place, 'template')
  throw error
}

/** A row that its reader could not parse. */
export const broken = (file: string, { problem, line }: LongLine): Unusable =>
  new Unusable(`${file}:${line}: ${problem}`, '', { file, line })
