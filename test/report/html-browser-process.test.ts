/** The HTML report in a browser: what is drawn, filtered and sorted, and whether everyone can use it. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ARTEFACTS, launch, open, seriousIssues } from './browser.ts'
import type { Look, Opened } from './browser.ts'
import { at, done, failed, note, runEnd, runFile, runStart } from './lines.ts'
import { isMissing } from '../components/component.ts'
import { report } from '../../src/report/report.ts'

const NASTY = '<img src=x onerror=alert(1)></script><script>alert(2)</script>\u202e\u001b[2J'
const TRIES = [
  { at: at(0), status: 503, delay: 0, timings: { firstByte: 80, total: 80 } },
  { at: at(500), code: 'network/reset', delay: 420, timings: { connect: 12, tls: 30, total: 50 } },
  { at: at(1_500), status: 503, delay: 950, timings: { firstByte: 90, body: 10, total: 100 } },
]

function lines(): string[] {
  const requests = Array.from({ length: 300 }, (_, index) => {
    const url = `https://${['api', 'cdn', 'www'][index % 3]}.example.com/people/${index}`
    const timings = { dns: 2, connect: 12, tls: 30, firstByte: 20 + index, body: 3, limiter: 100, total: 170 + index }
    if (index % 20 === 3) {
      const error = { code: 'http/404', message: 'HTTP 404', body: '{"error":"no such person"}' }
      return failed(index, 'http/404', { url, timings, error })
    }
    if (index % 50 === 4) {
      const error = { code: 'http/503', message: 'HTTP 503', body: NASTY }
      return failed(index, 'http/503', { url, timings, error, key: NASTY, attempts: 3, tries: TRIES })
    }
    return done(index, { url, timings })
  })
  return [
    runStart(),
    note({ pause: 'https://api.example.com', from: at(5_000), to: at(9_000) }),
    ...requests,
    runEnd(30_000, { limitedBy: 'rate', shares: { rate: 0.9, server: 0.1 }, advice: `raise the rate ${NASTY}` }),
  ]
}

describe.skipIf(isMissing('chromium'))('the HTML report in a browser', () => {
  let browser: Browser
  let html: string

  beforeAll(async () => {
    browser = await launch()
    html = await report(runFile(() => undefined, ...lines()))
  })
  afterAll(() => browser.close())

  async function opened(look?: Look, text = html): Promise<Opened> {
    const found = await open(browser, text, look)
    onTestFinished(() => found.page.context().close())
    return found
  }

  const isDrawn = (page: Page, id: string): Promise<boolean> =>
    page.evaluate(place => {
      type Canvas = {
        getContext(kind: '2d'): { getImageData(...area: number[]): { data: Uint8Array } }
        width: number
        height: number
      }
      const { document } = globalThis as unknown as { document: { querySelector(selector: string): Canvas | null } }
      const canvas = document.querySelector(`#${place} canvas`)
      const pixels = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data ?? []
      const colours = new Set<number>()
      for (let next = 0; next < pixels.length; next += 4) {
        if ((pixels[next + 3] as number) > 200)
          colours.add(((pixels[next] as number) << 8) + (pixels[next + 1] as number))
      }
      return colours.size > 2
    }, id)

  test.each([
    ['light', { scheme: 'light' }],
    ['dark', { scheme: 'dark' }],
    ['phone', { width: 360, scheme: 'dark' }],
  ] as const)('draws its charts without a complaint, and is accessible: %s', async (name, look) => {
    const { page, complaints } = await opened(look)
    for (const id of ['chart-throughput', 'chart-concurrency', 'chart-wire', 'chart-histogram']) {
      expect([id, await isDrawn(page, id)]).toEqual([id, true])
    }
    for (const item of [0, 1]) await page.locator('#failure-list summary').nth(item).click()
    await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true })
    expect(await seriousIssues(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    expect(complaints).toEqual([])
  })

  test('searches and filters failures, and unfolds their attempts', async () => {
    const { page, complaints } = await opened()
    const count = page.locator('#failure-count')
    expect(await count.textContent()).toBe('21 failures')
    await page.selectOption('#code', 'http/503')
    expect(await count.textContent()).toBe('6 of 21 failures')
    await page.fill('#search', 'people/154 503')
    expect(await page.locator('#failure-list > li').count()).toBe(1)
    await page.locator('#failure-list summary').press('Enter')
    const item = page.locator('#failure-list > li')
    await item.locator('.waterfall').waitFor()
    expect(await item.locator('.waterfall li').count()).toBe(3)
    expect(await item.locator('.waterfall li').nth(1).textContent()).toContain('network/reset')
    expect(await item.locator('pre').textContent()).toBe(
      NASTY.replace('\u202e', '\\u202e').replace('\u001b', '\\u001b'),
    )
    await page.fill('#search', 'nothing like this')
    expect(await count.textContent()).toBe('0 of 21 failures')
    expect(complaints).toEqual([])
  })

  test('shows more failures on demand, and keeps the focus there', async () => {
    const many = Array.from({ length: 60 }, (_, index) => failed(index))
    const { page } = await opened({}, await report(runFile(onTestFinished, ...many)))
    expect(await page.locator('#failure-list > li').count()).toBe(25)
    await page.locator('#more').press('Enter')
    expect(await page.locator('#failure-list > li').count()).toBe(60)
    expect(
      await page.evaluate(
        'document.activeElement.closest("li") === document.querySelectorAll("#failure-list > li")[25]',
      ),
    ).toBe(true)
    expect(await page.locator('#more').isHidden()).toBe(true)
  })

  test('sorts hosts by each column', async () => {
    const { page } = await opened()
    const first = page.locator('table.sortable tbody tr').first().locator('th')
    const head = page.locator('table.sortable thead th')
    await head.filter({ hasText: 'host' }).locator('button').press('Enter')
    expect([await first.textContent(), await head.first().getAttribute('aria-sort')]).toEqual([
      'https://api.example.com',
      'ascending',
    ])
    await head.filter({ hasText: 'host' }).locator('button').press('Enter')
    expect(await first.textContent()).toBe('https://www.example.com')
  })

  test('switches its theme, and draws the charts again', async () => {
    const { page, complaints } = await opened({ scheme: 'light' })
    const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await background()
    for (const name of ['light', 'dark']) {
      await page.locator('#theme').press('Enter')
      expect(await page.locator('#theme').textContent()).toBe(`Theme: ${name}`)
    }
    expect(await background()).not.toBe(light)
    expect(await isDrawn(page, 'chart-throughput')).toBe(true)
    expect(complaints).toEqual([])
  })

  test('shows the distribution of each phase', async () => {
    const { page, complaints } = await opened()
    for (const phase of ['dns', 'limiter', 'total']) {
      await page.selectOption('#phase', phase)
      expect(await page.locator('#chart-histogram canvas').count()).toBe(1)
      expect(await isDrawn(page, 'chart-histogram')).toBe(true)
    }
    expect(complaints).toEqual([])
  })

  test.each([
    ['an empty run', []],
    ['one request', [done(0)]],
    ['only failures', [failed(0), failed(1, 'timeout/total', { timings: { total: 0 }, attempts: 0 })]],
    ['a run without times', [done(0, { at: undefined, timings: {} })]],
  ])('shows %s', async (_, run) => {
    const { page, complaints } = await opened({}, await report(runFile(onTestFinished, ...run)))
    expect(await page.locator('.verdict').isVisible()).toBe(true)
    expect(await seriousIssues(page)).toEqual([])
    expect(complaints).toEqual([])
  })

  test('shows the comparison of two runs', async () => {
    const before = runFile(onTestFinished, ...Array.from({ length: 40 }, (_, index) => done(index)))
    const after = runFile(
      onTestFinished,
      ...Array.from({ length: 40 }, (_, index) => (index < 30 ? failed(index, 'http/500') : done(index))),
    )
    const { page, complaints } = await opened({ width: 360 }, await report(after, { before }))
    expect(await page.locator('.verdict').textContent()).toBe(
      '30 requests that were ok now fail, and 0 that failed are ok now.',
    )
    expect(await page.locator('#failure-list > li').count()).toBe(25)
    await page.screenshot({ path: join(ARTEFACTS, 'compared.png'), fullPage: true })
    expect(await seriousIssues(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0)
    expect(complaints).toEqual([])
  })
})
