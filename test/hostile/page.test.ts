import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SECTIONS } from './sections.ts'
import { LAST_ROW, rowsOf } from '../support/hostile/page.ts'

const PAGE = new URL('../../docs/hostile-servers.md', import.meta.url)
const isWriting = process.env['HOSTILE_OBSERVED'] !== undefined
const page = isWriting ? '' : readFileSync(PAGE, 'utf8')

describe.skipIf(isWriting)('docs/hostile-servers.md', () => {
  it('has every row of the catalogue', () => {
    const rows = new Set(rowsOf(page))
    const missing = Array.from({ length: LAST_ROW }, (_, index) => index + 1).filter(row => !rows.has(row))
    expect(missing).toEqual([])
  })

  // The tests of the rows check that the lines are true.
  it('has no line without a row that is played', () => {
    const lines = [...page.matchAll(/^\| (\d+) \| (.*?) \| .* \| `(.*)` \|$/gm)]
    const played = new Set(SECTIONS.flat().map(({ row, name }) => `${row} ${name}`))
    for (const [, row = '', name = '', file = ''] of lines) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
      const plain = name.replaceAll('\\|', '|').replaceAll('&lt;', '<')
      const isCovered = text.includes('covers(import.meta.url') && text.includes(`row: ${row}`)
      expect(isCovered || played.has(`${row} ${plain}`), `${row}: ${plain}`).toBe(true)
    }
    expect(lines.length).toBeGreaterThan(0)
  })
})
