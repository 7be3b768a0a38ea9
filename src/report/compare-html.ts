/** The comparison of two runs as one HTML file. */
import { basename } from 'node:path'
import { compareDocument, sentencesOf } from './compare-document.ts'
import type { CompareData } from './data.ts'
import { html } from './escape.ts'
import { failureSection, htmlPage, shownFailures } from './html.ts'
import type { Section } from './html.ts'
import type { Table } from './tables.ts'

const MOST = 100

export function compareHtml(data: CompareData): string {
  const { before, after, changes } = data
  const { tables, notes } = compareDocument(data, MOST)
  const [changed = '', ...more] = sentencesOf(data)
  const mood = changes.broken.count > 0 ? 'bad' : 'ok'
  const paragraphs = more.filter(text => text !== '').map(text => `<p>${html(text)}</p>`)
  const answer = `<section class="answer ${mood}" aria-label="In short"><p class="verdict">${html(changed)}</p>${paragraphs.join('')}<!-- links --></section>`
  const failures = shownFailures(changes.broken.requests)
  const sections: Section[] = [
    { id: '', heading: '', content: answer },
    ...tables.filter(({ title }) => title !== 'Ok before, failed now').map(sectionOf),
    ...(failures.length === 0 ? [] : [failureSection('Ok before, failed now')]),
    ...(notes.length === 0
      ? []
      : [
          {
            id: 'notes',
            heading: 'Notes',
            content: `<ul class="notes">${notes.map(note => `<li>${html(note)}</li>`).join('')}</ul>`,
          },
        ]),
  ]
  return htmlPage({
    title: `${before.source.name} and ${after.source.name} compared`,
    heading: `${basename(before.source.name)} → ${basename(after.source.name)}`,
    subtitle: 'Two runs compared',
    data: { pauses: [], buckets: {}, failures, labels: {} },
    sections,
  })
}

function sectionOf({ title, head, isFigure, rows }: Table, at: number): Section {
  const className = (column: number): string => (isFigure[column] === true ? ' class="figure"' : '')
  const heads = head.map((name, column) =>
    name === '' ? '<td></td>' : `<th scope="col"${className(column)}>${html(name)}</th>`,
  )
  const body = rows.map(row => {
    const cells = row.map((cell, column) =>
      column === 0 ? `<th scope="row">${html(cell)}</th>` : `<td${className(column)}>${html(cell)}</td>`,
    )
    return `<tr>${cells.join('')}</tr>`
  })
  const content = `<div class="scroll" tabindex="0" role="region" aria-label="${html(title)}, as a table"><table>
<thead><tr>${heads.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody></table></div>`
  return { id: `section-${at}`, heading: title, content }
}
