/** The report as CSV in the long form, one figure a line, which every spreadsheet and database can turn into its own tables. */
import type { CompareData, ReportData } from './data.ts'
import { printable } from '../core/printable.ts'
import { csvText } from '../sinks/csv-text.ts'

type Row = readonly [section: string, name: string, measure: string, value: string | number]

export const csvReport = (data: ReportData): string => csvOf([['section', 'name', 'measure', 'value'], ...rowsOf(data)])

/** A figure that only one run has is an empty cell of the other. */
export function csvCompare({ before, after }: CompareData): string {
  const rows = new Map<string, (string | number)[]>()
  for (const [column, data] of [before, after].entries()) {
    for (const [section, name, measure, value] of rowsOf(data)) {
      const key = JSON.stringify([section, name, measure])
      const row = rows.get(key) ?? [section, name, measure, '', '']
      row[3 + column] = value
      rows.set(key, row)
    }
  }
  return csvOf([['section', 'name', 'measure', 'before', 'after'], ...rows.values()])
}

function rowsOf(data: ReportData): Row[] {
  return [
    ...figures('total', '', data.counts),
    ...figures('run', '', {
      startedAt: data.run.startedAt,
      elapsedMs: data.run.elapsedMs,
      cpuMs: data.run.cpuMs,
      limitedBy: data.run.limitedBy,
    }),
    ...figures('share', '', data.run.shares ?? {}),
    ...data.codes.map(({ code, count }): Row => ['code', code, 'requests', count]),
    ...Object.entries(data.statuses).map(([status, count]): Row => ['status', status, 'requests', count]),
    ...Object.entries(data.timings).flatMap(([phase, { buckets: _, ...statistics }]) =>
      figures('phase', phase, statistics),
    ),
    ...data.hosts.flatMap(({ host, codes, ...counts }) => [
      ...figures('host', host, counts),
      ...codes.map(({ code, count }): Row => ['host', host, code, count]),
    ]),
    ...data.retriedFor.map(({ reason, count }): Row => ['retry', reason, 'attempts', count]),
  ]
}

function figures(section: string, name: string, fields: Readonly<Record<string, unknown>>): Row[] {
  return Object.entries(fields).flatMap(([measure, value]): Row[] =>
    typeof value === 'number' || typeof value === 'string' ? [[section, name, measure, value]] : [],
  )
}

const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  csvText(rows.map(row => row.map(cell => (typeof cell === 'string' ? harmless(cell) : cell))))

/** A spreadsheet takes a cell that begins like this for a formula, and names are those of servers. */
const harmless = (text: string): string => printable(text).replace(/^(?=[=+\-@\t])/, "'")
