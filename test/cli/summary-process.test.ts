/** The summary of a run that a signal ends. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

/** Answers 404 for URLs that contain `fail`. */
const partly: Respond = ({ url }, response) => void response.writeHead(url.includes('fail') ? 404 : 200).end('{}')

const SLOW = ['URL/slow/{300..349}', '-c', '4']
const summaryOf = (stderr: string): string => stderr.split('\n').find(line => / ok, \d+ failed/.test(line)) ?? stderr

/** The sum of the counts in the summary. */
const sumOf = (summary: string): number =>
  [...summary.replace(/ in .*$/, '').matchAll(/(\d+) (?:ok|failed|aborted|not sent)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )

describe('The summary of an interrupted run', () => {
  test.each([
    [['-o', 'r.jsonl'], 'Run the same command with --resume to continue.'],
    [['-o', 'r.jsonl', '--overwrite'], 'Run the same command with --resume instead of --overwrite to continue.'],
    [['-o', 'r.jsonl', '--resume'], 'Run the same command again to continue.'],
    [['-o', 'r.csv'], 'To be able to continue a run, start it with -o FILE.jsonl --resume.'],
  ])('counts all requests and says how to continue: %j', async (to, remedy) => {
    const { start, server } = await workplace()
    const running = start([...SLOW, ...to])
    await expect.poll(() => server.requests.length).toBeGreaterThan(4)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.finished
    const summary = summaryOf(stderr)
    expect(code).toBe(130)
    expect(summary).toMatch(/^\d+ ok, 0 failed, \d+ not sent in/)
    expect(sumOf(summary)).toBe(50)
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(remedy)
  })

  test('counts requests that were aborted in flight, and says that the input was not read to its end', async () => {
    const { start, server, write, text } = await workplace()
    write('ids.csv', `id\n${Array.from({ length: 2_000 }, (_, at) => at).join('\n')}\n`)
    const running = start(['URL/slow/60000?id={id}', '-i', 'ids.csv', '-c', '4', '-o', 'r.csv'])
    await expect.poll(() => server.mostAtOnce).toBe(4)
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.finished
    expect(code).toBe(143)
    expect(stderr).toMatch(/^0 ok, 0 failed, 4 aborted in flight, \d+ and the rest of the input not sent in/m)
    // A request that is not done has no row.
    expect(text('r.csv').trim().split('\n')).toHaveLength(1)
  })

  test('says how to continue after --fail-fast, but not after a complete run', async () => {
    const { run } = await workplace(partly)
    const { code, stderr } = await run(['URL/fail', 'URL/{1..99}', '-c', '1', '--fail-fast', '-o', 'r.jsonl'])
    expect([code, sumOf(summaryOf(stderr))]).toEqual([1, 100])
    expect(stderr).toMatch(
      /, \d\d not sent in .*\nRun the same command with --resume to continue\.\n(?:next, .*\n  .*\n)*$/,
    )
    const whole = await run(['URL/{1..9}', 'URL/fail', '-c', '1', '--fail-fast', '-o', 's.jsonl'])
    expect(summaryOf(whole.stderr)).toMatch(/^9 ok, 1 failed in/)
    expect(whole.stderr).not.toContain('The same command')
  })

  test('includes the results from the run file in its counts', async () => {
    const { run } = await workplace(partly)
    await run(['URL/{1..3}', 'URL/fail', '-o', 'r.jsonl', '--resume'])
    const { stderr } = await run(['URL/{1..3}', 'URL/fail', 'URL/more', '-o', 'r.jsonl', '--resume'])
    expect(summaryOf(stderr)).toMatch(/^4 ok, 1 failed \(4 of these restored from the run file\) in/)
  })
})
