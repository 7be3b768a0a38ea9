/** HAR files in the hands of others: replayed by Playwright, and read by the importer of Chrome's developer tools. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { launch } from './browser.ts'
import { at, done, failed, runFile } from './lines.ts'
import { isMissing } from '../components/component.ts'
import { harOfFile } from '../../src/report/har.ts'

const RETRIED = [
  { at: at(0), status: 503, delay: 0, timings: { firstByte: 5, total: 5 } },
  { at: at(50), status: 200, delay: 45, timings: { firstByte: 5, body: 2, total: 7 } },
]
const REDIRECTED = [
  { at: at(0), status: 302, delay: 0, timings: { firstByte: 5, total: 5 } },
  { at: at(50), status: 200, delay: 0, timings: { firstByte: 5, total: 7 }, url: 'https://api.example.com/new' },
]

async function harFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'har-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = runFile(
    onTestFinished,
    done(0, { url: 'https://api.example.com/', value: '<h1>Home</h1>' }),
    done(1, {
      url: 'https://api.example.com/retried?a=1&a=2#part',
      value: { name: 'Ann' },
      attempts: 2,
      tries: RETRIED,
    }),
    done(2, { url: 'https://api.example.com/old', value: 'moved', attempts: 2, tries: REDIRECTED }),
    failed(3, 'http/404', {
      url: 'https://api.example.com/none',
      error: { code: 'http/404', message: 'x', body: '{"error":"no such person"}' },
    }),
    failed(4, 'network/reset', { url: 'https://api.example.com/reset' }),
  )
  const target = join(folder, 'run.har')
  await harOfFile({ path, target, bodies: true, overwrite: false })
  return target
}

describe.skipIf(isMissing('chromium'))('a HAR file', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  test('is replayed by routeFromHAR: the last attempt of each request, and redirects', async () => {
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    await context.routeFromHAR(await harFile(), { notFound: 'abort' })
    const page = await context.newPage()
    await page.goto('https://api.example.com/')
    expect(await page.textContent('h1')).toBe('Home')
    const answers = await page.evaluate(async () => {
      const paths = ['/retried?a=1&a=2', '/old', '/none']
      const replies = await Promise.all(paths.map(path => fetch(path)))
      return Promise.all(replies.map(async reply => [reply.status, await reply.text()]))
    })
    expect(answers).toEqual([
      [200, '{"name":"Ann"}'],
      [200, 'moved'],
      [404, '{"error":"no such person"}'],
    ])
  })

  test("is read by the importer of Chrome's developer tools", async context => {
    const page = await browser.newPage()
    onTestFinished(() => page.close())
    await page.goto('devtools://devtools/bundled/inspector.html')
    const importer = "import('devtools://devtools/bundled/models/har/har.js')"
    // Their modules are named otherwise in some releases.
    context.skip(await page.evaluate(`${importer}.then(() => false, () => true)`), 'no importer in this release')
    const text = readFileSync(await harFile(), 'utf8')
    const requests = await page.evaluate(
      `${importer}.then(({ HARFormat, Importer }) => {
        const { log } = new HARFormat.HARRoot(JSON.parse(${JSON.stringify(text)}))
        return Importer.Importer.requestsFromHARLog(log).map(one => [one.url(), one.statusCode, one.duration > 0])
      })`,
    )
    // In the order of their starts.
    expect(requests).toEqual([
      ['https://api.example.com/retried?a=1&a=2', 503, true],
      ['https://api.example.com/old', 302, true],
      ['https://api.example.com/retried?a=1&a=2', 200, true],
      ['https://api.example.com/new', 200, true],
      ['https://api.example.com/', 200, true],
      ['https://api.example.com/none', 404, true],
      ['https://api.example.com/reset', 0, true],
    ])
  })
})
