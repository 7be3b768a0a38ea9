/** The report as CSV in the long form, one figure a line, which every spreadsheet and database can turn into its own tables. */
import type { ReportData } from './data.ts'
import { printable } from '../core/printable.ts'
import { csvText } from '../sinks/csv-text.ts'

type Row = readonly [section: string, name: string, measure: string, value: string | number]

export function csvReport(data: ReportData): string {
  const rows: Row[] = [
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
  return csvOf([['section', 'name', 'measure', 'value'], ...rows])
}

function figures(section: string, name: string, fields: Readonly<Record<string, unknown>>): Row[] {
  return Object.entries(fields).flatMap(([measure, value]): Row[] =>
    typeof value === 'number' || typeof value === 'string' ? [[section, name, measure, value]] : [],
  )
}

export const csvOf = (rows: readonly (readonly (string | number)[])[]): string =>
  csvText(rows.map(row => row.map(cell => (typeof cell === 'string' ? harmless(cell) : cell))))

/** A spreadsheet takes a cell that begins like this for a formula, and names are those of servers. */
const harmless = (text: string): string => printable(text).replace(/^(?=[=+\-@\t])/, "'")
