/** The HTML report as text: that it needs nothing else, and that nothing of a server is markup in it. */
import { createHash } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { at, done, failed, note, runEnd, runFile, runStart } from './lines.ts'
import type { PageData } from '../../src/report/page-data.ts'
import { report } from '../../src/report/report.ts'

const htmlOf = (...lines: readonly string[]): Promise<string> => report(runFile(onTestFinished, ...lines))

const between = (text: string, from: string, to: string): string =>
  text.slice(text.indexOf(from) + from.length, text.indexOf(to, text.indexOf(from) + from.length))

const dataIn = (page: string): PageData =>
  JSON.parse(between(page, '<script type="application/json" id="data">', '</script>')) as PageData

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

describe('the HTML report', () => {
  test('is the default format', async () => {
    expect(await report([])).toMatch(/^<!doctype html>/)
  })

  test('allows its own script and style only, by their hashes', async () => {
    const page = await htmlOf(done(0))
    const [script, style] = [between(page, '<script>', '</script>'), between(page, '<style>', '</style>')]
    expect(between(page, 'http-equiv="Content-Security-Policy" content="', '"')).toBe(
      `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`,
    )
    expect(page).not.toMatch(/\s(?:style|on\w+)="/)
  })

  test('loads nothing', async () => {
    const page = await htmlOf(runStart(), done(0), failed(1), runEnd(1_000))
    const markup = page.replace(/<script>[\s\S]*?<\/script>/, '').replace(/<style>[\s\S]*?<\/style>/, '')
    expect(markup).not.toMatch(/\s(?:src|href|action|srcset|poster|data|background)="(?!#)/)
    expect(between(page, '<style>', '</style>')).not.toMatch(/url\(|@import/)
  })

  test('is at most 2 MB, whatever servers say', async () => {
    const nasty = '\u0000\u2028<'.repeat(700)
    const error = { code: 'http/500', message: nasty, body: nasty }
    const lines = Array.from({ length: 600 }, (_, index) =>
      failed(index, 'http/500', { error, url: `https://h${index % 50}.example.com/${nasty}`, key: `${index}${nasty}` }),
    )
    expect((await htmlOf(...lines)).length).toBeLessThan(2_000_000)
  })

  test('shows an empty run', async () => {
    const page = await htmlOf()
    expect(page).toContain('No request has a result.')
    expect(page).not.toContain('id="failures"')
  })
})

describe('text of servers and files', () => {
  const nasty = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\u0026amp;\u2028\u202e\u001b[2J<!--`
  const lines = [
    runStart(0, { options: { [nasty]: nasty } }),
    note({ pause: nasty, from: at(0), to: at(50) }),
    failed(0, nasty, {
      id: `k:${nasty}`,
      key: nasty,
      method: nasty,
      url: `https://api.example.com/${nasty}?token=s3cr3t`,
      error: { code: nasty, message: nasty, body: `${nasty}\nsecond line` },
      finalUrl: 'https://me:s3cr3t@api.example.com/',
      location: 'https://x.example.com/?api_key=s3cr3t',
      headers: { [nasty]: nasty },
    }),
    failed(1, 'http/500', { url: `https://${nasty}/` }),
    runEnd(1_000, { limitedBy: nasty, advice: nasty, shares: { [nasty]: 1 } }),
  ]

  test('are no markup', async () => {
    const page = await htmlOf(...lines)
    expect(page.match(/<script/g)).toHaveLength(2)
    expect(page).not.toMatch(/<img|<!--/)
    // oxlint-disable-next-line no-control-regex -- the test is about control characters
    expect(page.replace(/<script>[\s\S]*?<\/script>/, '')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u2029]/)
    expect(page).not.toContain('s3cr3t')
  })

  test('are in the data as they were', async () => {
    const { failures } = dataIn(await htmlOf(...lines))
    expect(failures[0]).toMatchObject({ code: nasty, key: nasty, body: `${nasty}\nsecond line` })
  })
})
