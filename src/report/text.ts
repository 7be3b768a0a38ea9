/** The report for a terminal: sentences first, then tables. */
import type { Document } from './document.ts'
import type { Table } from './tables.ts'
import { printable } from '../core/printable.ts'

const WIDTH = 100

export function textReport({ title, sentences, tables, notes }: Document): string {
  const parts = [
    printable(title),
    ...sentences.filter(text => text !== '').map(text => wrapped(text)),
    ...tables.map(drawn),
    ...(notes.length === 0 ? [] : [['Notes', ...notes.map(note => `- ${wrapped(note, 2)}`)].join('\n')]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** A table without lines: two spaces between columns, figures to the right. */
function drawn({ title, head, isFigure, rows }: Table): string {
  const hasHead = head.some(name => name !== '')
  const all = hasHead ? [head, ...rows] : rows
  const widths = head.map((_, at) => Math.max(...all.map(row => row[at]?.length ?? 0)))
  const lines = all.map(row =>
    row
      .map((cell, at) =>
        isFigure[at] === true ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number),
      )
      .join('  ')
      .trimEnd(),
  )
  return [title, ...lines.map(line => `  ${line}`)].join('\n')
}

function wrapped(text: string, indent = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH - indent) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}
