/**
 * Builds the documentation as a site into site/public, which any server of static files can serve. The pages are the
 * Markdown files of the repository; the reference of the public interface is made from the doc comments.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vitepress'
import { writeApi } from './site/api.ts'
import { descriptionOf, llmsFull, llmsIndex } from './site/llms.ts'
import type { PageText } from './site/llms.ts'
import { groupsOf, isSearched, sitePages } from './site/pages.ts'
import type { SitePage } from './site/pages.ts'

export const PAGES = 'site/pages'
export const PUBLIC = 'site/public'

/** The default theme with the fonts of the system: nothing comes from another host. */
const THEME = "import theme from 'vitepress/theme-without-fonts'\nimport './theme.css'\nexport default theme\n"

/** The Markdown of a page; a program becomes a page with its text. */
function textOf({ source }: SitePage): string {
  const text = readFileSync(source, 'utf8')
  if (source.endsWith('.md')) return withoutComments(text)
  return `# ${source}\n\n\`\`\`ts\n${text.trim()}\n\`\`\`\n`
}

/** Comments outside of code, which the site would show. */
const withoutComments = (markdown: string): string =>
  markdown
    .split(/(^(`{3,}).*\n[\s\S]*?^\2$)/m)
    // Each code block is followed by its fence.
    .filter((_, at) => at % 3 !== 2)
    .map((part, at) => (at % 2 === 0 ? part.replaceAll(/<!--[\s\S]*?-->\n?/g, '') : part))
    .join('')

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function writePage(page: PageText): void {
  const description = JSON.stringify(descriptionOf(page.markdown))
  const matter = ['---', `description: ${description}`, ...(isSearched(page) ? [] : ['search: false']), '---', '']
  write(join(PAGES, `${page.path}.md`), `${matter.join('\n')}\n${page.markdown}`)
}

export async function buildSite(): Promise<void> {
  rmSync('site', { recursive: true, force: true })
  const pages = sitePages().map(page => ({ ...page, markdown: textOf(page) }))
  for (const page of pages) writePage(page)
  for (const image of globSync('docs/**/*.svg')) copyFileSync(image, join(PAGES, image.slice('docs/'.length)))
  write(join(PAGES, '.vitepress/config.ts'), "export { default } from '../../../scripts/site/config.ts'\n")
  write(join(PAGES, '.vitepress/theme/index.js'), THEME)
  mkdirSync(join(PAGES, 'public'))
  copyFileSync('scripts/site/icon.svg', join(PAGES, 'public/icon.svg'))
  copyFileSync('scripts/site/theme.css', join(PAGES, '.vitepress/theme/theme.css'))
  await writeApi(join(PAGES, 'reference/api'))
  await build(PAGES)
  // After the build, which empties the folder.
  for (const { path, markdown } of pages) write(join(PUBLIC, `${path}.md`), markdown)
  write(join(PUBLIC, 'llms.txt'), llmsIndex(groupsOf(), pages))
  write(join(PUBLIC, 'llms-full.txt'), llmsFull(pages))
}

if (import.meta.main) {
  await buildSite()
  console.log(`\nThe site is in ${PUBLIC}. \`npm run site:serve\` serves it.`)
}
