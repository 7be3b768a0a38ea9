/** What docs/cli.md tells of a run file that is read by others, and of exit codes: run as it stands there. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const GUIDE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const hasJq = spawnSync('jq', ['--version']).status === 0

describe('A run file', () => {
  test.skipIf(!hasJq)('keeps what a retried request said before; a line of jq keeps the last of each.', async () => {
    const asked = new Set<string>()
    const { run, shell, linesIn } = await workplace(({ url }, response) => {
      response.writeHead(asked.has(url) || !url.includes('fail') ? 200 : 404).end('{}')
      asked.add(url)
    })
    const args = ['URL/{1..3}', 'URL/fail', '-o', 'run.jsonl', '--resume', '-X', 'POST']
    await run(args)
    await run([...args, '--retry-failed'])
    expect(
      linesIn('run.jsonl')
        .filter(({ index }) => index === 3)
        .map(({ ok }) => ok),
    ).toEqual([false, true])
    const line = /^jq -sc .*$/m.exec(GUIDE)?.[0] ?? 'false'
    expect((await shell(line).finished).code).toBe(0)
    expect(linesIn('last.jsonl').map(({ index, ok }) => [index, ok])).toEqual([
      [0, true],
      [1, true],
      [2, true],
      [3, true],
    ])
  })
})

describe('Exit code 1', () => {
  test.each([
    ['a request that failed', ['URL/fail'], ''],
    ['requests that were not sent', ['URL/fail', 'URL/{1..99}', '-c', '1', '--fail-fast'], ''],
    ['an input that broke off', ['URL/{id}', '-i', '-', '--format', 'csv'], 'id\n1\n"2'],
    ['a row of a plan that could not be sent', ['plan', '-i', '-'], 'URL/a\nnothing\n'],
  ])('is that of %s.', async (_what, args, stdin) => {
    const { run } = await workplace(({ url }, response) => {
      response.writeHead(url.includes('fail') ? 404 : 200).end('{}')
    })
    expect((await run(args, { stdin })).code).toBe(1)
    expect(GUIDE).toContain('| 1 | requests failed, were not sent')
  })
})
