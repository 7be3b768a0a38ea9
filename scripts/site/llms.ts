/** llms.txt, the index for language models (llmstxt.org), and llms-full.txt with the text of all guides. */
import { isSearched } from './pages.ts'
import type { SidebarGroup, SitePage } from './pages.ts'

export interface PageText extends SitePage {
  readonly markdown: string
}

const SUMMARY = 'Any number of HTTP requests in, typed results out: parallel, polite, and with nothing lost.'

export function llmsIndex(groups: readonly SidebarGroup[], pages: readonly PageText[]): string {
  const byLink = new Map(pages.map(page => [`/${page.path.replace(/(?<=^|\/)index$/, '')}`, page]))
  const sections = groups.map(({ text, items }) => {
    const lines = items.map(item => {
      const page = byLink.get(item.link.replace(/\.html$/, ''))
      return `- [${item.text}](/${page?.path}.md): ${descriptionOf(page?.markdown ?? '')}`
    })
    return [`## ${text}`, '', ...lines].join('\n')
  })
  return `${['# parallel-requests', `> ${SUMMARY}`, ...sections].join('\n\n')}\n`
}

export const llmsFull = (pages: readonly PageText[]): string =>
  `${pages
    .filter(page => isSearched(page) && page.source.endsWith('.md'))
    .map(({ markdown }) => markdown.trim())
    .join('\n\n---\n\n')}\n`

/** The first paragraph of a page on one line, without links and code. */
export function descriptionOf(markdown: string): string {
  const paragraph = markdown
    .split(/\n{2,}/)
    .map(block => block.trim())
    .find(block => block !== '' && !/^(?:#|```|\||<!--|- |!\[)/.test(block))
  const plain = (paragraph ?? '')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\s+/g, ' ')
  return plain.length <= 200 ? plain : `${plain.slice(0, 199)}…`
}
