/** Requests that are not sent because their host is paused: they get no lines and rows, and the summary says what to do. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A host that asks for a pause of an hour', () => {
  test('ends the run with exit code 1 and advice, and the same command sends the rest', async () => {
    let isAway = true
    const { run, server, linesIn, text } = await workplace((_echo, response) => {
      response.writeHead(isAway ? 429 : 200, isAway ? { 'retry-after': '3600' } : {}).end('{}')
    })
    const args = ['URL/{1..5}', '-c', '1', '-o', 'run.jsonl', '-o', 'rows.csv', '--resume']
    const { code, stderr } = await run(args)
    expect([code, server.requests.length]).toEqual([1, 1])
    expect(stderr).toContain('0 ok, 1 failed, 4 not sent')
    const hint = /^127\.0\.0\.1:\d+ asked for a pause until (\S+): --max-retry-after (\S+) would have waited$/m.exec(
      stderr,
    )
    expect(Date.parse(hint?.[1] ?? '')).toBeGreaterThan(Date.now() + 3_000_000)
    expect(hint?.[2]).toMatch(/^(?:1h(?:\d+s)?|59m\d+s)$/)
    expect(linesIn('run.jsonl').map(({ index }) => index)).toEqual([0])
    expect(text('rows.csv').trimEnd().split('\n')).toHaveLength(2)
    const records = await run(['URL/{1..5}', '-c', '1', '--json-progress'])
    const said = records.stderr
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    expect(said.find(({ type }) => type === 'unsent')).toMatchObject({
      requests: 4,
      until: hint?.[1]?.slice(0, 4) && (expect.any(String) as string),
    })
    expect(said.at(-1)).toMatchObject({ failed: 1, not_sent: 4, complete: false })
    isAway = false
    const again = await run(args)
    expect(again.stderr).toContain('4 ok, 1 failed (1 of these restored from the run file)')
    expect(server.requests).toHaveLength(6)
  })
})

test('--max-json-depth permits deeper JSON, and an answer that is too deep fails alone', async () => {
  const { run, linesIn } = await workplace(({ url }, response) => {
    const levels = url.includes('deep') ? 4_600 : 1
    response.end('['.repeat(levels) + ']'.repeat(levels))
  })
  const args = ['URL/{1..2}', 'URL/deep', '-o', 'run.jsonl', '--resume']
  const { code, stderr } = await run(args)
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('Raise --max-json-depth if that is intended (parse/too_deep)'),
  ])
  expect(linesIn('run.jsonl').map(({ ok }) => ok)).toEqual([true, true, false])
  expect((await run(args)).stderr).toContain('2 ok, 1 failed (3 of these restored from the run file)')
  const kept = await run(['URL/deep', '-o', 'deep.jsonl', '--max-json-depth', 'none'])
  expect([kept.code, kept.stderr]).toEqual([
    1,
    expect.stringContaining('Use --as bytes or --save, or write no run file (too_large/'),
  ])
  const raised = await run(['URL/deep', '--max-json-depth', '5000', '-w', '{status}\n'])
  expect([raised.code, raised.stdout]).toEqual([0, '200\n'])
})

test('a JSON line and a value that are too deep to be serialized fail alone, and the run continues', async () => {
  const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const { run, write, server } = await workplace(({ url }, response) => {
    response.end(url === '/2' ? nested : '{}')
  })
  write('rows.jsonl', `{"id":1}\n{"id":${nested}}\n{"id":2}\n{"id":3}\n`)
  const rows = ['URL/{id}', '-i', 'rows.jsonl', '--json', '{"a":{id}}']
  const { code, stdout, stderr } = await run([...rows, '--max-json-depth', 'none', '-w', '{value}\n', '-c', '1'])
  expect([code, stdout]).toEqual([1, '\n{}\n{}\n'])
  expect(stderr).toContain('rows.jsonl:2: expected JSON that can be serialized again, got a value that cannot')
  expect(stderr).toContain('-w: cannot write a value: ')
  expect(stderr).toContain('3 ok, 1 failed, 1 not written')
  expect(server.requests.map(({ url }) => url)).toEqual(['/1', '/2', '/3'])
})
