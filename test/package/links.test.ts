/**
 * The pages in the package, and where their links lead: every target must exist after an installation. `npm pack
 * --dry-run` lists the files of the tarball. Needs no network.
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
  // npm 12 prints an object by package, older versions an array.
  const [tarball] = Object.values(JSON.parse(stdout) as Record<string, { files: readonly { path: string }[] }>)
  packed = new Set(tarball?.files.map(({ path }) => path))
  pages = [...packed].filter(path => path.endsWith('.md'))
})

/** Markdown without its code blocks, in which brackets are not links. */
const proseOf = (page: string): string => readFileSync(page, 'utf8').replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, '')

/** Targets of links and images, without URLs. */
function linksOf(page: string): string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z]+:/.test(target))
}

/** The fragments that headings can be linked with. */
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

  it('link only to files and headings in the package', () => {
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

  it('can all be reached from the index of the guides', () => {
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
