/** Templates with the built binary: what the server receives, and what preq reports. */
import { expect, test } from 'vitest'
import { endsOf, workplace } from '../workplace.ts'

test('a column with a blank in its name is filled in everywhere, and only a JSON line without it fails', async () => {
  const { run, server, write } = await workplace()
  write('rows.csv', 'Customer ID,id\nc 7,1\n')
  const flags = ['-H', 'X-C: {Customer ID}', '--param', 'c={Customer ID}', '--json', '{"c":"{Customer ID}"}']
  const { code, lines } = await run(['URL/{id}', '-i', 'rows.csv', ...flags, '--key', 'k-{Customer ID}'])
  expect([code, lines[0]?.key]).toEqual([0, 'k-c 7'])
  expect(server.requests).toMatchObject([{ url: '/1?c=c+7', body: '{"c":"c 7"}', headers: { 'x-c': 'c 7' } }])
  write('rows.jsonl', '{"id":1}\n{"id":2,"x":"y"}\n')
  const json = await run(['URL/{id}', '-i', 'rows.jsonl', '--json', '{"x":"{x}"}'])
  expect([json.code, endsOf(json.lines)]).toEqual([1, ['invalid_request/template', 'ok']])
  expect(server.requests.slice(1).map(({ body }) => body)).toEqual(['{"x":"y"}'])
})

test('preq plan and the summary report braces of a body that are not a column, but not doubled braces', async () => {
  const { run, server, write } = await workplace()
  write('rows.csv', 'id\n1\n2\n')
  const args = ['URL/{id}', '-i', 'rows.csv', '-d', '{viewer{login}} {{id}}']
  expect((await run(['plan', ...args])).stdout).toContain('--body: {login} is not a column and is sent unchanged\n')
  const { code, stderr } = await run(args)
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('warning: --body: {login} is not a column and was sent unchanged\n'),
  ])
  expect(server.requests.map(({ body }) => body)).toEqual(['{viewer{login}} {id}', '{viewer{login}} {id}'])
  expect((await run([...args.slice(0, -1), '{viewer{{login}}}'])).stderr).not.toContain('is no column')
})

test('a row whose cell makes an empty or a dot segment fails; --allow-empty permits empty segments', async () => {
  const { run, server, write } = await workplace()
  write('rows.csv', 'id,n\n1,a\n,b\n..,c\n')
  const args = ['URL/items/{id}', '-i', 'rows.csv', '-X', 'DELETE', '-v']
  const { code, lines, stderr } = await run(args)
  expect([code, endsOf(lines)]).toEqual([1, ['ok', 'invalid_request/url', 'invalid_request/url']])
  expect(stderr).toMatch(/^rows\.csv:3: DELETE http:/m)
  expect(stderr).toContain('Add --allow-empty if that is intended.')
  const { stdout } = await run(['plan', ...args])
  expect(stdout).toContain('1 requests (1 DELETE), 0 duplicates, 2 invalid')
  // The message gives the position of the row once.
  expect(stdout.match(/^ {2}rows\.csv:\d+: DELETE \S+: URL: /gm)).toHaveLength(2)
  const allowed = await run([...args, '--allow-empty'])
  expect(endsOf(allowed.lines)).toEqual(['ok', 'ok', 'invalid_request/url'])
  expect(server.requests.map(({ url }) => url)).toEqual(['/items/1', '/items/1', '/items/'])
})
