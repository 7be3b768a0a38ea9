/** A report as sentences and tables: what the formats without charts are made of. */
import type { ReportData } from './data.ts'
import { headline } from './headline.ts'
import { tablesOf } from './tables.ts'
import type { Table } from './tables.ts'

export interface Document {
  /** May hold foreign text, as of a file name. */
  readonly title: string
  /** The first one is the most important. Escaped for a terminal. */
  readonly sentences: readonly string[]
  readonly tables: readonly Table[]
  readonly notes: readonly string[]
}

export function reportDocument(data: ReportData): Document {
  const { result, time, failures } = headline(data)
  return {
    title: `Report of ${data.source.name}`,
    sentences: [result, time, failures],
    tables: tablesOf(data),
    notes: data.notes,
  }
}
