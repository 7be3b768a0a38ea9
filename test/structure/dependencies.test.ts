import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Readonly<Record<string, string>>
>
const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })

/** The names in the first cells of the tables of a page, and in its headings. */
function named(page: string): ReadonlySet<string> {
  const cells = [...readFileSync(page, 'utf8').matchAll(/^(?:\| |#+ )([^|\n]+)/gm)].map(([, cell = '']) => cell)
  return new Set(cells.flatMap(cell => cell.split(/[\s,]+/)))
}

it.each(['docs/design/dependencies.md', 'docs/design/upgrading.md'])(
  '%s has a line for every dependency of package.json',
  page => {
    const known = named(page)
    expect(names.filter(name => !known.has(name))).toEqual([])
  },
)
