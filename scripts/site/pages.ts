/** Which file of the repository is which page of the site. Paths of the repository begin at its root. */
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

export interface SitePage {
  /** The file in the repository. */
  readonly source: string
  /** The page of the site, without its extension: `index`, `reference/options`. */
  readonly path: string
}

const ROOT_PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'RELEASING.md', 'SECURITY.md']

/** Every page that is made of a file, the front page first. */
export function sitePages(): SitePage[] {
  const files = [...ROOT_PAGES, ...globSync(['docs/**/*.md', 'examples/*.md', 'examples/**/*.ts']).toSorted()]
  return files.map(source => ({ source, path: pathOf(source) }))
}

/** The page of a file. */
export function pathOf(source: string): string {
  if (source === 'README.md') return 'index'
  if (source === 'docs/README.md') return 'guides'
  const path = source.replace(/^docs\//, '').replace(/\.(?:md|ts)$/, '')
  if (posix.basename(path) === 'README') return posix.join(posix.dirname(path), 'index')
  return path.includes('/') ? path : path.toLowerCase()
}

/** Whether the search finds a page: the history of the project would hide what a user looks for. */
export const isSearched = ({ source }: SitePage): boolean =>
  !source.startsWith('docs/design/') && source !== 'CHANGELOG.md' && source !== 'RELEASING.md'

/**
 * Where a relative link of a file leads on the site: a page, a file that is copied, or undefined for a file that the site
 * does not have.
 */
export function targetOf(link: string, from: string, pages: ReadonlyMap<string, string>): string | undefined {
  const [path = '', fragment] = link.split('#')
  const file = path === '' ? from : posix.join(posix.dirname(from), path).replace(/\/$/, '')
  const page = pages.get(file) ?? pages.get(`${file}/README.md`) ?? pages.get(firstIn(file, pages))
  if (page === undefined) return undefined
  const url = `/${page.replace(/(?<=^|\/)index$/, '')}`
  return `${url.endsWith('/') ? url : `${url}.html`}${fragment === undefined ? '' : `#${fragment}`}`
}

/** A folder without a page of its own is shown by its first file. */
const firstIn = (folder: string, pages: ReadonlyMap<string, string>): string =>
  [...pages.keys()].find(file => file.startsWith(`${folder}/`)) ?? ''

/** Pages by the files that they are made of. */
export const pagesByFile = (): ReadonlyMap<string, string> =>
  new Map(sitePages().map(({ source, path }) => [source, path]))

export interface SidebarGroup {
  readonly text: string
  readonly items: readonly { readonly text: string; readonly link: string }[]
}

const ROW_LINK = /\[([^\]]+)\]\(([^)\s]+)\)/g

/** The groups of the index of the guides, with the pages that each names first. */
export function groupsOf(index = readFileSync('docs/README.md', 'utf8')): SidebarGroup[] {
  const pages = pagesByFile()
  const seen = new Set<string>()
  const groups = index.split(/^## /m).slice(1)
  return groups
    .map(group => ({
      text: group.slice(0, group.indexOf('\n')).trim(),
      items: [...group.matchAll(ROW_LINK)].flatMap(([, label = '', target = '']) => {
        const link = target.includes('#') ? undefined : targetOf(target, 'docs/README.md', pages)
        if (link === undefined || seen.has(link)) return []
        seen.add(link)
        return [{ text: `${label[0]?.toUpperCase()}${label.slice(1)}`, link }]
      }),
    }))
    .filter(({ items }) => items.length > 0)
}
