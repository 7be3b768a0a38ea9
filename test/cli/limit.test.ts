/** `--limit N`: the first requests of any kind of input. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('--limit', () => {
  const files = {
    'ids.txt': '# all\n1\n2\n3\n4\n',
    'ids.csv': 'id\n1\n2\n3\n4\n',
    'ids.jsonl': '{"id":1}\n{"id":2}\n{"id":3}\n{"id":4}\n',
  }

  test.each([
    ['arguments', ['URL/1', 'URL/2', 'URL/3', 'URL/4']],
    ['a range', ['URL/{1..100000000}']],
    ['a list', ['URL/{line}', '-i', 'ids.txt']],
    ['CSV', ['URL/{id}', '-i', 'ids.csv']],
    ['JSON lines', ['URL/{id}', '-i', 'ids.jsonl']],
    ['several inputs', ['URL/{id}', '-i', 'ids.csv', '-i', 'ids.jsonl']],
  ])('sends only the first requests of %s, and preq plan counts only those', async (_what, args) => {
    const { run, server, write } = await workplace()
    for (const [name, content] of Object.entries(files)) write(name, content)
    const { code, stderr } = await run([...args, '--limit', '3'])
    expect([code, server.requests.map(({ url }) => url).toSorted()]).toEqual([0, ['/1', '/2', '/3']])
    // The run counts as complete.
    expect(stderr).toMatch(/^3 ok, 0 failed in/m)
    expect(stderr).not.toContain('not sent')
    expect((await run(['plan', ...args, '--limit', '3'])).stdout).toMatch(/^3 requests \(3 GET\)/)
  })

  test('counts requests after ranges are expanded, and may exceed the size of the input', async () => {
    const { run, server, write } = await workplace()
    write('ids.csv', files['ids.csv'])
    await run(['URL/{1..3}/{id}', '-i', 'ids.csv', '--limit', '4'])
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/1/1', '/1/2', '/2/1', '/3/1'])
    expect((await run(['URL/{1..3}', '--limit', '9'])).stderr).toMatch(/^3 ok, 0 failed in/m)
  })

  test('with --resume loses nothing of the run file and sends nothing twice', async () => {
    const { run, server, write, linesIn, text } = await workplace()
    write('ids.csv', files['ids.csv'])
    const args = ['URL/{id}', '-i', 'ids.csv', '-o', 'r.jsonl', '-o', 'r.csv', '--resume']
    expect((await run([...args, '--limit', '1'])).code).toBe(0)
    expect((await run(args)).code).toBe(0)
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/1', '/2', '/3', '/4'])
    const { code, stderr } = await run([...args, '--limit', '2'])
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('2 ok, 0 failed (2 of these restored from the run file)'),
    ])
    expect([linesIn('r.jsonl').length, text('r.csv').trim().split('\n').length]).toEqual([4, 3])
    expect((await run(args)).code).toBe(0)
    expect([server.requests.length, text('r.csv').trim().split('\n').length]).toEqual([4, 5])
  })

  test.each(['0', '-1', '1.5', 'many'])('refuses %s', async limit => {
    const { run, server } = await workplace()
    const { code, stderr } = await run(['URL/a', `--limit=${limit}`])
    expect([code, server.requests, stderr]).toEqual([
      2,
      [],
      expect.stringContaining('--limit: expected an integer ≥ 1'),
    ])
  })
})
