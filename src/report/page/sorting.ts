/** Makes the columns of a table sortable: by a button in each head, which keyboards and screen readers know. */
import { make } from './dom.ts'

export function makeSortable(table: HTMLTableElement): void {
  const body = table.tBodies[0]
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])]
  if (body === undefined || body.rows.length < 2) return
  for (const [column, head] of heads.entries()) {
    const button = make('button', { type: 'button', class: 'sort' }, head.textContent ?? '')
    head.replaceChildren(button)
    button.addEventListener('click', () => {
      // Figures are looked at from the largest on.
      const isFigure = head.classList.contains('figure')
      const now = head.getAttribute('aria-sort')
      const next =
        now === null ? (isFigure ? 'descending' : 'ascending') : now === 'ascending' ? 'descending' : 'ascending'
      for (const other of heads) other.removeAttribute('aria-sort')
      head.setAttribute('aria-sort', next)
      const sign = next === 'ascending' ? 1 : -1
      body.append(...[...body.rows].toSorted((a, b) => sign * compare(a.cells[column], b.cells[column])))
    })
  }
}

/** `data-value` is the figure behind a text such as `1.5 s`. */
function compare(a: HTMLTableCellElement | undefined, b: HTMLTableCellElement | undefined): number {
  const [one, other] = [a?.dataset['value'], b?.dataset['value']]
  if (one !== undefined && other !== undefined) return Number(one) - Number(other)
  return (a?.textContent ?? '').localeCompare(b?.textContent ?? '')
}
