import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { brokenTerms, failTerm } from '../../src/cli/fail-on.ts'
import type { FailTerm } from '../../src/cli/fail-on.ts'
import type { Statistics } from '../../src/index.ts'
import { workplace } from './workplace.ts'

function read(text: unknown): FailTerm | string {
  const problems: unknown[] = []
  return failTerm(text, '--fail-on', problems as never) ?? (problems[0] as string)
}

const phase = { count: 10, min: 1, mean: 40, p50: 20, p90: 80, p95: 100, p99: 200, max: 2_500 }
const statistics = { retries: 4, timings: { total: phase } } as unknown as Statistics

const brokenBy = (text: string, sent = { sent: 200, failed: 3 }): string[] =>
  brokenTerms([read(text) as FailTerm], statistics, sent).map(({ figure }) => figure)

describe('a condition of --fail-on', () => {
  test.each([
    ['p95>99ms', 'p95 of total was 100ms over 10 requests'],
    ['p95>=100ms', 'p95 of total was 100ms over 10 requests'],
    [' total.max > 2s ', 'max of total was 2.5s over 10 requests'],
    ['mean<1m', 'mean of total was 40ms over 10 requests'],
    ['failed>1%', '3 failed of 200 sent (1.5%)'],
    ['failed > 1 %', '3 failed of 200 sent (1.5%)'],
    ['failed>=3', '3 failed of 200 sent'],
    ['failed>0', '3 failed of 200 sent'],
    ['retries<=2%', '4 retries of 200 sent (2%)'],
  ])('%s holds', (term, figure) => {
    expect(brokenBy(term)).toEqual([figure])
  })

  test.each(['p95>100ms', 'p95<100ms', 'max>1h', 'failed>1.5%', 'failed>3', 'retries<4', 'tls.p50>0ms', 'tls.p50<1h'])(
    '%s does not hold',
    term => {
      expect(brokenBy(term)).toEqual([])
    },
  )

  test('does not hold for a run that sent nothing', () => {
    expect(brokenBy('failed<1%', { sent: 0, failed: 0 })).toEqual([])
  })

  test.each([
    ['p95>2', 'A time needs its unit: did you mean 2s?'],
    ['p95>fast', 'Write the time as 500ms, 2s or 1m.'],
    ['p96>2s', "Did you mean 'p90'?"],
    ['throughput>2s', 'Known are failed, retries, p50, p90, p95, p99, max, mean.'],
    ['fristByte.p95>2s', "Did you mean 'firstByte'?"],
    ['first_byte.p95>2s', "Did you mean 'firstByte'?"],
    ['firstByte>2s', 'A phase needs a figure: did you mean firstByte.p95>2s?'],
    ['p95>2s,failed>1%', 'Give each condition its own --fail-on.'],
    ['p95>2s && failed>1%', 'Give each condition its own --fail-on.'],
    ['dns.failed>2', 'Known are p50, p90, p95, p99, max, mean.'],
    ['failed>1s', 'Write failed with a number or a percentage: failed>10, failed>1%.'],
    ['failed>-1', 'Write failed with a number or a percentage'],
    ['failed=1', 'Write a figure, one of > >= < <=, and a limit'],
    ['failed', 'Write a figure, one of > >= < <=, and a limit'],
    ['', 'Write a figure'],
    ['p95>2s\u001b[31m', 'Write the time'],
    [7, 'Write it as text.'],
  ])('%j is refused', (term, remedy) => {
    const problem = JSON.stringify(read(term))
    expect(problem).toContain("a condition such as 'p95>2s'")
    expect(problem).toContain(remedy)
  })
})

describe('preq --fail-on', () => {
  test('decides about failures: some are allowed, and one too many is exit code 1 with its figure', async () => {
    const { run } = await workplace(({ url }, response) => response.writeHead(url === '/3' ? 404 : 200).end('{}'))
    const args = ['URL/{1..10}', '-o', '-']
    expect((await run(args)).code).toBe(1)
    expect((await run([...args, '--fail-on', 'failed>10%'])).code).toBe(0)
    const { code, stderr } = await run([...args, '--fail-on', 'failed>9%', '--fail-on', 'p50>=0ms'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^preq: failed on failed>9%: 1 failed of 10 sent \(10%\)$/m)
    expect(stderr).toMatch(/^preq: failed on p50>=0ms: p50 of total was \S+ over 10 requests$/m)
  })

  test('a condition on time does not allow failures', async () => {
    const { run } = await workplace((_, response) => response.writeHead(404).end('{}'))
    expect((await run(['URL/1', '--fail-on', 'p95>1h'])).code).toBe(1)
  })

  test('looks at what was sent in this run, not at what was restored', async () => {
    let isMended = false
    const { run } = await workplace(({ url }, response) =>
      response.writeHead(url === '/1' && !isMended ? 500 : 200).end('{}'),
    )
    const args = ['URL/{1..2}', '-o', 'r.jsonl', '--retries', '0', '--resume', '--fail-on', 'failed>0']
    expect((await run(args)).code).toBe(1)
    isMended = true
    // The failure is restored, and nothing is sent.
    const { code, stderr } = await run(args)
    expect([code, stderr]).toEqual([0, expect.stringContaining('1 failed (2 of these restored')])
  })

  test('is printed with --quiet, and a record with --json-progress', async () => {
    const { run } = await workplace()
    expect((await run(['URL/1', '--quiet', '--fail-on', 'failed<1'])).stderr).toBe(
      'preq: failed on failed<1: 0 failed of 1 sent\n',
    )
    const { stderr, code } = await run(['URL/1', '--json-progress', '--fail-on', 'failed<1%'])
    expect(code).toBe(1)
    expect(stderr).toContain('{"type":"fail_on","term":"failed<1%","figure":"0 failed of 1 sent (0%)"}')
  })

  test('is refused with exit code 2 if it cannot be read', async () => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/1', '--fail-on', 'p95>2'])
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--fail-on: expected a condition such as 'p95>2s', 'firstByte.p99>=500ms', 'failed>1%'"),
    ])
    expect(server.requests).toEqual([])
  })
})

describe('the last line of the summary', () => {
  const slow = async (): Promise<ReturnType<typeof workplace>> =>
    workplace((_, response) => void sleep(2_200).then(() => response.end('{}')))

  test('says what limited a run of more than two seconds', async () => {
    const { run } = await slow()
    const { stderr } = await run(['URL/1', '-o', 'r.jsonl'])
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^the server was the limit for \d+ % of the run: /)
  })

  test('is missing with --quiet, and a record with --json-progress', async () => {
    const { run } = await slow()
    expect((await run(['URL/1', '--quiet', '-o', 'q.jsonl'])).stderr).toBe('')
    const { stderr } = await run(['URL/1', '--json-progress', '-o', 'r.jsonl'])
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-2) as string)).toMatchObject({
      type: 'advice',
      limited_by: 'server',
      shares: { server: expect.any(Number) as number },
      message: expect.stringMatching(/^the server was the limit/) as string,
    })
  })
})
