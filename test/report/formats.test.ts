/** The report as text, Markdown, JSON and CSV, also of hostile servers. */
import { parse } from 'csv-parse/sync'
import { describe, expect, onTestFinished, test } from 'vitest'
import { done, failed, note, runEnd, runFile, runStart } from './lines.ts'
import { report } from '../../src/report/report.ts'
import type { ReportData } from '../../src/report/data.ts'

const FORMATS = ['text', 'markdown', 'json', 'csv'] as const

describe('a report as text', () => {
  test('answers what happened, why it was slow, what failed and why', async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) =>
      index % 100 === 7
        ? failed(index, 'http/404', { error: { code: 'http/404', message: 'x', body: '{"error":"no such person"}' } })
        : done(index),
    )
    const end = runEnd(100_000, { limitedBy: 'rate', shares: { rate: 0.93 }, advice: 'raise the rate' })
    const text = await report(runFile(onTestFinished, runStart(), ...lines, end), { format: 'text' })
    const [, result, time, failures] = text.split('\n\n').map(part => part.replaceAll('\n', ' '))
    expect(result).toBe('990 of 1,000 requests succeeded (99 %), 10 failed.')
    expect(time).toBe(
      'The run took 1 m 40 s (10/s). Half of the requests were done within 10 ms, 95 % within 10 ms. Limited by a rate limit: raise the rate.',
    )
    expect(failures).toBe('All of the failures are http/404 at https://api.example.com, for example: “no such person”.')
  })

  test.each([
    [[], 'No request has a result.'],
    [[done(0)], 'The request succeeded.'],
    [[done(0), done(1)], 'All 2 requests succeeded.'],
    [[failed(0)], 'The request failed.'],
    [[failed(0), failed(1)], 'All 2 requests failed.'],
  ])('says in a sentence how %# went', async (lines, sentence) => {
    expect(await report(runFile(onTestFinished, ...lines), { format: 'text' })).toContain(`\n\n${sentence}\n`)
  })

  test.each([
    ['{"error":{"message":"quota used up"}}', 'quota used up'],
    ['{"type":"about:blank","title":"Gone","detail":"deleted in May"}', 'deleted in May'],
    ['<html><title>Bad gateway</title><script>x()</script>', 'Bad gateway'],
    ['<p>Sorry,\n<b>no</b></p>', 'Sorry, no'],
    ['plain words', 'plain words'],
    ['{"code":17}', '{"code":17}'],
    ['', 'the message'],
  ])('quotes the words of the server in %j', async (body, words) => {
    const error = { code: 'http/500', message: 'the message', body }
    const text = await report(runFile(onTestFinished, failed(0, 'http/500', { error })), { format: 'text' })
    expect(text).toContain(`for example: “${words}”`)
  })
})

describe('a report as CSV', () => {
  test('is one figure a line, and no formula', async () => {
    const path = runFile(onTestFinished, done(0), failed(1, '=cmd()'), done(2, { status: 201 }))
    const rows = parse(await report(path, { format: 'csv' }), { columns: true }) as Record<string, string>[]
    const value = (section: string, name: string, measure: string): string | undefined =>
      rows.find(row => row['section'] === section && row['name'] === name && row['measure'] === measure)?.['value']
    expect(value('total', '', 'requests')).toBe('3')
    expect(value('host', 'https://api.example.com', 'failed')).toBe('1')
    expect(value('phase', 'firstByte', 'p95')).toBe('8')
    expect(value('status', '201', 'requests')).toBe('1')
    expect(value('code', "'=cmd()", 'requests')).toBe('1')
  })
})

describe('a report as JSON', () => {
  test('has all figures', async () => {
    const data = JSON.parse(await report(runFile(onTestFinished, done(0)), { format: 'json' })) as ReportData
    expect([data.version, data.counts.ok, data.hosts[0]?.p50]).toEqual([1, 1, 10])
  })
})

describe('text of servers and of files', () => {
  const nasty = '\u001b[2J\u202e<script>alert(1)</script>|`*_[x](javascript:1)\u2028\r\n\u0007@all #1'
  const lines = [
    note({ pause: nasty, from: '2026-01-31T12:00:00.000Z', to: '2026-01-31T12:00:01.000Z' }),
    failed(0, nasty, {
      id: `k:${nasty}`,
      key: nasty,
      method: nasty,
      url: `https://api.example.com/${nasty}?token=s3cr3t`,
      error: { code: nasty, message: nasty, body: nasty },
      finalUrl: 'https://me:s3cr3t@api.example.com/',
      location: '/?api_key=s3cr3t',
      attempts: 2,
      tries: [
        { code: nasty, delay: 0, timings: { total: 1 }, url: 'https://u:s3cr3t@x/' },
        { status: 500, timings: {} },
      ],
    }),
    failed(1, 'http/500', { url: `https://me:s3cr3t@${nasty}/` }),
    runEnd(2_000, { limitedBy: nasty, advice: nasty, shares: { [nasty]: 0.5 } }),
  ]

  test.each(FORMATS)('cannot control a terminal or show a secret in %s', async format => {
    const text = await report(runFile(onTestFinished, ...lines), { format })
    // oxlint-disable-next-line no-control-regex -- the test is about control characters
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/)
    expect(text).not.toContain('s3cr3t')
    if (format === 'json') expect((JSON.parse(text) as ReportData).failures[0]?.key).toContain('\u202e')
  })

  test('is no Markdown', async () => {
    const text = await report(runFile(onTestFinished, ...lines), { format: 'markdown' })
    expect(text).not.toMatch(/<script|[^\\]`|[^\\]\[x\]|@all/)
    const cells = (row: string): number => row.split(/(?<!\\)\|/).length
    for (const [head = '', ...rows] of text.split('\n\n').map(part => part.split('\n'))) {
      if (head.startsWith('|'))
        expect(new Set(rows.filter(row => row !== '').map(cells))).toEqual(new Set([cells(head)]))
    }
  })
})
