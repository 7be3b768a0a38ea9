/** The report as GitHub-flavoured Markdown, for an issue, a pull request or the summary of a job. */
import type { ReportData } from './data.ts'
import { headline } from './headline.ts'
import { tablesOf } from './tables.ts'
import type { Table } from './tables.ts'
import { printable } from '../core/printable.ts'

export function markdownReport(data: ReportData): string {
  const { result, time, failures } = headline(data)
  return `${[
    `# Report of ${escaped(printable(data.source.name))}`,
    `**${escaped(result)}**`,
    ...[time, failures].filter(text => text !== '').map(escaped),
    ...tablesOf(data).map(markdownTable),
    ...(data.notes.length === 0 ? [] : ['## Notes', data.notes.map(note => `- ${escaped(note)}`).join('\n')]),
  ].join('\n\n')}\n`
}

export function markdownTable({ title, head, isFigure, rows }: Table): string {
  return [
    `## ${escaped(title)}`,
    '',
    row(head),
    `|${isFigure.map(figure => (figure ? '---:' : '---')).join('|')}|`,
    ...rows.map(row),
  ].join('\n')
}

const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`

/** No character of a URL or of a server's text acts as Markdown, HTML or a mention. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]|~]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll(/(?<=^|[\s(])#(?=\d)/g, '&#35;')
    .replaceAll(/https?:\/\//gi, scheme => scheme.replace(':', '&#58;'))
}
