/** The documentation site, built as a reader gets it: its pages, its links, and how it works in a browser. */
import type { Server } from 'node:http'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join, posix } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import ts from 'typescript-5.9'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PUBLIC, build, htmlFiles, htmlOf, plain, serve } from './built-site.ts'
import { ENTRIES } from '../../scripts/site/api.ts'
import { groupsOf, sitePages } from '../../scripts/site/pages.ts'
import { isMissing } from '../components/component.ts'
import { launch, seriousIssues } from '../report/browser.ts'

if (process.env.BUILT === undefined) beforeAll(build, 900_000)

const PAGES = sitePages().filter(({ source }) => source.endsWith('.md'))
const htmlPath = (path: string): string => `${path}.html`

/** Markdown without its code blocks and comments. */
const proseOf = (markdown: string): string =>
  markdown.replaceAll(/^ *(`{3,})[\s\S]*?^ *\1$/gm, '').replaceAll(/<!--[\s\S]*?-->/g, '')

const mainOf = (html: string): string => /<main\b[\s\S]*<\/main>/.exec(html)?.[0] ?? ''

describe('the pages', () => {
  test.each(PAGES)('$path has all headings and all inline code of $source', ({ source, path }) => {
    const prose = proseOf(readFileSync(source, 'utf8'))
    const main = mainOf(htmlOf(htmlPath(path)))
    const shown = new Set([...main.matchAll(/<h[1-6]\b[\s\S]*?<\/h[1-6]>/g)].map(([heading]) => plain(heading)))
    const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, text = '']) =>
      text
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll('`', '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    )
    expect(headings.filter(heading => !shown.has(heading))).toEqual([])

    const codes = new Set([...main.matchAll(/<code\b[^>]*>([\s\S]*?)<\/code>/g)].map(([, code = '']) => plain(code)))
    const inline = [...prose.matchAll(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g)].map(([, , code = '']) =>
      code.replaceAll('\\|', '|').replaceAll(/\s+/g, ' ').trim(),
    )
    expect(inline.filter(code => !codes.has(code))).toEqual([])
  })

  test('have a heading and a title, and none is empty', () => {
    const empty = htmlFiles().filter(path => {
      const html = htmlOf(path)
      return path !== '404.html' && (!/<h1\b/.test(mainOf(html)) || !/<title>[^<]+<\/title>/.test(html))
    })
    expect(empty).toEqual([])
  })

  test('show templates of the command line in braces as they are written', () => {
    expect(readFileSync('docs/cli.md', 'utf8')).toContain('{{')
    expect(plain(htmlOf('cli.html'))).toContain('{{')
  })

  test('have only links that lead to a page and a heading of the site', () => {
    const ids = new Map(htmlFiles().map(path => [path, idsOf(htmlOf(path))]))
    const dead: string[] = []
    for (const path of htmlFiles()) {
      for (const [, href = ''] of htmlOf(path).matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)) {
        if (/^(?:[a-z]+:|\/\/)/i.test(href)) continue
        const [target = '', fragment = ''] = href.replaceAll('&amp;', '&').split('#')
        const file = target === '' ? path : posix.join(posix.dirname(`/${path}`), target).slice(1)
        const found = target.startsWith('/') ? target.slice(1) : file
        const page = found === '' || found.endsWith('/') ? `${found}index.html` : found
        const isThere = ids.has(page) || existsSync(join(PUBLIC, page))
        const isHeading = fragment === '' || ids.get(page)?.has(decodeURIComponent(fragment)) === true
        if (!isThere || !isHeading) dead.push(`${path} → ${href}`)
      }
    }
    expect(dead).toEqual([])
  })

  test('load nothing from another host', () => {
    const foreign = htmlFiles().flatMap(path =>
      [...htmlOf(path).matchAll(/<(?:script|link|img|iframe)\b[^>]*(?:src|href)="((?:https?:)?\/\/[^"]*)"/g)].map(
        ([, url]) => `${path} → ${url}`,
      ),
    )
    const styles = globSync('assets/*.css', { cwd: PUBLIC }).filter(path =>
      /url\(["']?(?:https?:)?\/\//.test(readFileSync(join(PUBLIC, path), 'utf8')),
    )
    expect([...foreign, ...styles]).toEqual([])
  })
})

const idsOf = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\bid="([^"]*)"/g)].map(([, id = '']) => id))

describe('the reference', () => {
  test.each(Object.entries(ENTRIES))('has a page for every export of %s', (name, entry) => {
    const folder = join(PUBLIC, 'reference/api', name)
    const pages = new Set(globSync('*/*.html', { cwd: folder }).map(path => basename(path, '.html')))
    // What another entry exports as well has its page there, and a link to it.
    const index = plain(mainOf(htmlOf(`reference/api/${name}/index.html`)))
    const exported = exportsOf(entry)
    expect(exported.length).toBeGreaterThan(0)
    expect(exported.filter(one => !pages.has(one) && !index.includes(`Re-exports ${one}`))).toEqual([])
  })
})

/** The names that a module exports, types among them. */
function exportsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest)
  return source.statements.flatMap(statement =>
    ts.isExportDeclaration(statement) &&
    statement.exportClause !== undefined &&
    ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  )
}

describe('llms.txt', () => {
  test('names every page of the index, and each is there as Markdown', () => {
    const links = [...readFileSync(join(PUBLIC, 'llms.txt'), 'utf8').matchAll(/\]\(\/([^)]+)\)/g)].map(
      ([, to = '']) => to,
    )
    expect(links.filter(link => !existsSync(join(PUBLIC, link)))).toEqual([])
    expect(links).toHaveLength(groupsOf().flatMap(({ items }) => items).length)
  })

  test('has the text of every guide beside it', () => {
    const full = readFileSync(join(PUBLIC, 'llms-full.txt'), 'utf8')
    expect(full).toContain('# Error codes')
    expect(full).toContain('# The command line')
  })
})

describe.skipIf(isMissing('chromium'))('the site in a browser', () => {
  let browser: Browser
  let server: Server
  let origin: string
  const complaints: string[] = []

  beforeAll(async () => {
    ;({ server, origin } = await serve())
    browser = await launch()
  })
  afterAll(async () => {
    await browser.close()
    await new Promise(done => server.close(done))
  })

  async function context(width = 1280, colorScheme: 'light' | 'dark' = 'light'): Promise<BrowserContext> {
    const made = await browser.newContext({ viewport: { width, height: 900 }, colorScheme })
    made.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(`${message.page()?.url()}: ${message.text()}`)
    })
    made.on('weberror', error => complaints.push(`${error.page()?.url()}: ${error.error().message}`))
    made.on('request', request => {
      if (!request.url().startsWith(`${origin}/`)) complaints.push(`request: ${request.url()}`)
    })
    made.on('response', response => {
      if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
    })
    return made
  }

  async function visited(made: BrowserContext, path: string): Promise<Page> {
    const page = await made.newPage()
    await page.goto(`${origin}/${path}`, { waitUntil: 'load' })
    return page
  }

  const LISTED = groupsOf()
    .flatMap(({ items }) => items)
    .map(({ link }) => link.slice(1))

  test('loads every page of the index on a phone: without an error, a request to another host, and scrolling sideways', async () => {
    const made = await context(390)
    const page = await made.newPage()
    const wide: string[] = []
    for (const path of LISTED) {
      await page.goto(`${origin}/${path}`, { waitUntil: 'load' })
      const fits = await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
      if (fits !== true) wide.push(path)
    }
    await made.close()
    expect(wide).toEqual([])
    expect(complaints).toEqual([])
  })

  test.each([
    ['index.html', 'light'],
    ['index.html', 'dark'],
    ['cli.html', 'light'],
    ['cli.html', 'dark'],
    ['reference/options.html', 'light'],
    ['reference/errors.html', 'dark'],
    ['reference/api/parallel-requests/interfaces/ClientOptions.html', 'dark'],
    ['examples/basic.html', 'light'],
  ] as const)('is accessible: %s, %s', async (path, scheme) => {
    const made = await context(1280, scheme)
    const issues = await seriousIssues(await visited(made, path))
    await made.close()
    expect(issues).toEqual([])
  })

  test('finds an option, an error code and a flag by the search, which / opens', async () => {
    const made = await context()
    const page = await visited(made, 'guides.html')
    await page.keyboard.press('/')
    const box = page.locator('input[type=search]')
    await box.waitFor()
    for (const [words, target] of [
      ['rateLimitBurst', '/reference/options.html'],
      ['paused/retry_after', '/reference/errors.html'],
      ['max-retry-after', '/reference/flags.html'],
    ] as const) {
      await box.fill(words)
      await page.locator(`.results a[href^="${target}"]`).first().waitFor()
    }
    await box.fill('rateLimitBurst')
    await page.locator('.results a[href*="ratelimitburst"]').first().waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/reference|api/)
    await made.close()
    expect(complaints).toEqual([])
  })

  test('can be used with the keyboard: the first Tab reaches a link that skips to the content, and the focus is seen', async () => {
    const made = await context()
    const page = await visited(made, 'limits.html')
    await page.keyboard.press('Tab')
    const first = await page.evaluate<string>('document.activeElement.textContent.trim()')
    expect(first).toBe('Skip to content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate<string>('location.hash')).toBe('#VPContent')
    await page.keyboard.press('Tab')
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
    expect(outline).not.toBe('none')
    await made.close()
  })
})
