/**
 * The pages that travel in the package, and where their links lead: nothing that they name may be missing after an
 * installation. `npm pack --dry-run` says what would be in the tarball. Needs no network.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)

let packed: ReadonlySet<string>
let pages: readonly string[]

beforeAll(async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'])
  // npm 12 answers with an object by package, those before with an array.
  const [tarball] = Object.values(JSON.parse(stdout) as Record<string, { files: readonly { path: string }[] }>)
  packed = new Set(tarball?.files.map(({ path }) => path))
  pages = [...packed].filter(path => path.endsWith('.md'))
})

/** Markdown without its blocks of code, in which brackets are no links. */
const proseOf = (page: string): string => readFileSync(page, 'utf8').replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, '')

/** Targets of links and images that are no URLs. */
function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z]+:/.test(target))
}

/** The names that headings have as fragments. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('the pages of the package', () => {
  it('are the README, the guides, the decisions and the examples', () => {
    expect(pages).toEqual(
      expect.arrayContaining([
        'README.md',
        'CONTRIBUTING.md',
        'SECURITY.md',
        'docs/README.md',
        'docs/cli.md',
        'docs/design/dependencies.md',
        'examples/README.md',
      ]),
    )
  })

  it('link only to files and headings that are in the package', () => {
    const dead: string[] = []
    for (const page of pages) {
      for (const link of linksOf(page)) {
        const [path = '', fragment] = link.split('#')
        const target = path === '' ? page : posix.join(posix.dirname(page), path).replace(/\/$/, '')
        const exists = packed.has(target) || [...packed].some(file => file.startsWith(`${target}/`))
        if (!exists) dead.push(`${page} → ${link}`)
        else if (fragment !== undefined && !anchorsOf(target).includes(fragment)) dead.push(`${page} → ${link}`)
      }
    }
    expect(dead).toEqual([])
  })

  it('are all reachable from the index of the guides', () => {
    const seen = new Set<string>()
    const visit = (page: string): void => {
      if (seen.has(page)) return
      seen.add(page)
      if (!pages.includes(page)) return
      for (const link of linksOf(page)) visit(posix.join(posix.dirname(page), link.split('#')[0] ?? ''))
    }
    visit('docs/README.md')
    expect(pages.filter(page => page.startsWith('docs/') && !seen.has(page))).toEqual([])
  })
})
