/** Markdown as the site shows it: GitHub's anchors, its own links, and nothing that Vue would evaluate. */
import type { MarkdownRenderer } from 'vitepress'
import { pagesByFile, targetOf } from './pages.ts'

type Token = ReturnType<MarkdownRenderer['parse']>[number]
type Rule = NonNullable<MarkdownRenderer['renderer']['rules'][string]>

/** The fragment of a heading, as GitHub makes it. */
export const slugOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** Templates of this package are written in braces, and so are those of Vue. */
const inert = (html: string): string => html.replaceAll('{{', '&#123;&#123;')

export function adaptMarkdown(md: MarkdownRenderer): void {
  const { rules } = md.renderer
  const text = rules['text'] as Rule
  rules['text'] = (...args) => inert(text(...args))
  const code = rules['code_inline'] as Rule
  rules['code_inline'] = (...args) => inert(code(...args))
  const tableOpen = rules['table_open'] as Rule
  // A table scrolls by itself, so that the page does not.
  rules['table_open'] = (...args) => `<div class="table">${tableOpen(...args)}`
  rules['table_close'] = () => '</table></div>\n'

  const files = pagesByFile()
  const sources = new Map([...files].map(([source, path]) => [`${path}.md`, source]))
  md.core.ruler.push('links-of-the-site', state => {
    const from = sources.get((state.env as { relativePath?: string }).relativePath ?? '')
    if (from === undefined) return
    for (const { children } of state.tokens) if (children !== null) relink(children, from, files)
  })
}

function relink(tokens: readonly Token[], from: string, files: ReadonlyMap<string, string>): void {
  const unlinked: boolean[] = []
  for (const token of tokens) {
    if (token.type === 'link_close' && unlinked.pop() === true) token.tag = 'span'
    if (token.type !== 'link_open') continue
    const href = token.attrGet('href') ?? ''
    const isOurs = !/^(?:[a-z]+:|#)/i.test(href)
    const target = isOurs ? targetOf(href, from, files) : href
    unlinked.push(target === undefined)
    if (target !== undefined) token.attrSet('href', target)
    else {
      token.type = 'text_link_open'
      token.tag = 'span'
      token.attrs = null
    }
  }
}
