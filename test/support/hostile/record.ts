/**
 * Turns what a run observed into a line of docs/hostile-servers.md. A run checks that the page has the line. With
 * HOSTILE_OBSERVED naming a folder, it writes the line there for `npm run docs:hostile` instead.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lineOf } from './page.ts'
import type { Line } from './page.ts'

const ROOT = new URL('../../../', import.meta.url)

/** Writes the line for the page, or expects the page to have it. */
function record(line: Line): void {
  const folder = process.env['HOSTILE_OBSERVED']
  if (folder !== undefined) {
    const name = createHash('sha1').update(`${line.row} ${line.name}`).digest('hex')
    return writeFileSync(join(folder, `${name}.json`), JSON.stringify(line))
  }
  const page = readFileSync(new URL('docs/hostile-servers.md', ROOT), 'utf8').split('\n')
  expect(page, 'docs/hostile-servers.md should say what this run saw: npm run docs:hostile').toContain(lineOf(line))
}

/**
 * The last call of a test that plays a row of the catalogue: records what it observed.
 *
 * @param where the `import.meta.url` of the file that has the row
 */
export function covers(where: string, line: Omit<Line, 'where'>): void {
  record({ ...line, where: where.slice(ROOT.href.length) })
}
