/** The report as GitHub-flavoured Markdown, for an issue, a pull request or the summary of a job. */
import type { Document } from './document.ts'
import type { Table } from './tables.ts'
import { printable } from '../core/printable.ts'

export function markdownReport({ title, sentences, tables, notes }: Document): string {
  const [first = '', ...others] = sentences.filter(text => text !== '').map(escaped)
  return `${[
    `# ${escaped(printable(title))}`,
    `**${first}**`,
    ...others,
    ...tables.map(markdownTable),
    ...(notes.length === 0 ? [] : ['## Notes', notes.map(note => `- ${escaped(note)}`).join('\n')]),
  ].join('\n\n')}\n`
}

function markdownTable({ title, head, isFigure, rows }: Table): string {
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
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]|~]/g, String.raw`\$&`)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;')
    .replaceAll(/(?<=^|[\s(])#(?=\d)/g, '&#35;')
    .replaceAll(/https?:\/\//gi, scheme => scheme.replace(':', '&#58;'))
}
