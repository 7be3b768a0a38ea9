/** `--then` and the flags of its stage, of the built command line. */
import { expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'
import { echoServer } from '../support/echo-server.ts'

/** `/teams` lists three teams, `/team/N` has two users, `/user/N` is one; `/team/9` ends with 404. */
const teams = () =>
  workplace(({ url, method, body, headers }, response) => {
    const [, kind = '', id = ''] = /^\/(teams|team|user)\/?([^?]*)/.exec(url) ?? []
    const values: Record<string, unknown> = {
      teams: { data: [1, 2, 3].map(team => ({ id: team, name: `team ${team}`, url: `/team/${team}` })) },
      team: { users: [1, 2].map(user => ({ id: Number(id) * 10 + user, team: id })) },
      user: { id: Number(id), method, body, tag: headers['x-tag'] },
    }
    if (id === '9' || !(kind in values)) response.statusCode = 404
    response.end(JSON.stringify(values[kind] ?? {}))
  })

const idsOf = (lines: readonly { readonly value?: unknown }[]): unknown[] =>
  lines.map(({ value }) => (value as { id?: unknown } | undefined)?.id).toSorted((a, b) => Number(a) - Number(b))

test('--then makes a request for each value of the stage before, and outputs have the rows of the last stage', async () => {
  const { run } = await teams()
  const then = ['--then', 'URL/team/{value.id}', '--each', 'data', '--then', 'URL/user/{value.id}', '--each', 'users']
  const { code, lines, stderr } = await run(['URL/teams', ...then])
  expect(idsOf(lines)).toEqual([11, 12, 21, 22, 31, 32])
  expect(lines.find(({ value }) => (value as { id: number }).id === 31)).toMatchObject({ id: '#0/3/1', parent: '#0/3' })
  expect(code).toBe(0)
  expect(stderr).toMatch(/^10 ok, 0 failed, 9 of these followed from 1 request in /m)
})

test('without --each, requests are made from the items of --items, or from the whole value', async () => {
  const { run } = await teams()
  const items = await run(['URL/teams', '--items', 'data', '--then', 'URL/user/{value.id}', '-q'])
  expect(idsOf(items.lines)).toEqual([1, 2, 3])
  const whole = await run(['URL/user/{4..5}', '--then', 'URL/user/{value.id}0', '-q'])
  expect(idsOf(whole.lines)).toEqual([40, 50])
})

test('--then-items makes a row of each item of the last stage', async () => {
  const { run } = await teams()
  const args = ['URL/teams', '--items', 'data', '--then', 'URL/team/{value.id}', '--then-items', 'users']
  const { stdout, stderr } = await run([
    ...args,
    '-w',
    '{request_id} {1.value.name} {id}\\n',
    '--select',
    'id',
    '--order',
    'input',
  ])
  expect(stdout.split('\n').slice(0, 3)).toEqual(['#0/1[0] team 1 11', '#0/1[1] team 1 12', '#0/2[0] team 2 21'])
  expect(stderr).toMatch(/ 6 items in /)
})

test('templates have the columns of the row and the values of all stages, and outputs as well', async () => {
  const { run, write } = await teams()
  write('rows.csv', 'id,tag\n1,a\n2,b\n')
  const then = ['--then', 'URL/user/{value.id}', '--each', 'users', '-H', 'X-Tag: {tag}']
  const more = ['--then', 'URL/user/{1.value.team}-{value.id}-{id}', '--then-method', 'PUT']
  const body = [
    '--then-json',
    '{"of": {1.value.id}, "was": "{value.method} {tag}"}',
    '--then-header',
    'X-Tag: {tag}-{value.tag}',
  ]
  const columns = ['--columns', 'id,1.value.id,2.value.id,value']
  const { stdout, stderr } = await run([
    'URL/team/{id}',
    '-i',
    'rows.csv',
    ...then,
    ...more,
    ...body,
    '--output-format',
    'csv',
    ...columns,
    '--order',
    'input',
  ])
  expect(stderr).toContain('10 ok, 0 failed')
  expect(stdout.split('\n')[1]).toBe(
    `1,11,11,"{""id"":null,""method"":""PUT"",""body"":""{\\""of\\"":11,\\""was\\"":\\""GET a\\""}"",""tag"":""a-a""}"`,
  )
})

test('a header of a stage is sent instead of one of the row', async () => {
  const { run, write, server } = await teams()
  write('rows.csv', 'id,tag\n1,a\n')
  const row = ['URL/team/{id}', '-i', 'rows.csv', '-H', 'X-Tag: {tag}']
  const { code } = await run([
    ...row,
    '--then',
    'URL/user/{value.id}',
    '--each',
    'users',
    '--then-header',
    'X-Tag: last',
  ])
  expect(code).toBe(0)
  expect(server.requests.map(({ headers }) => headers['x-tag'])).toEqual(['a', 'last', 'last'])
})

test('failures of every stage are rows', async () => {
  const { run } = await teams()
  const { code, lines } = await run([
    'URL/team/9',
    'URL/team/1',
    '--then',
    'URL/team/{value.id}9',
    '--each',
    'users',
    '-q',
    '--then',
    'URL/gone/{value.id}',
    '--each',
    'users[:1]',
  ])
  expect(endsOf(lines).toSorted()).toEqual(['http/404', 'http/404', 'http/404'])
  expect(code).toBe(1)
})

test('a value that lacks a part, or would move the request, fails alone and is not sent', async () => {
  const { run, server } = await workplace(({ url }, response) =>
    response.end(
      JSON.stringify(url === '/list' ? [{ id: 1 }, {}, { id: '..' }, { id: '' }, { id: null }, 7] : { ok: url }),
    ),
  )
  const { lines } = await run(['URL/list', '--then', 'URL/x/{value.id}/y', '-q', '--order', 'input'])
  expect(lines.map(({ ok, error }) => (ok ? 'ok' : error?.code))).toEqual([
    'ok',
    'invalid_request/template',
    'invalid_request/url',
    'invalid_request/url',
    'invalid_request/url',
    'invalid_request/template',
  ])
  expect(server.requests.map(({ url }) => url)).toEqual(['/list', '/x/1/y'])
})

test.each([
  [['--then', 'URL/{vlaue}'], 'Did you mean {value}?'],
  [['--then', 'URL/{2.value.id}'], 'got {2.value.id}'],
  [['--then', 'URL/{value.id}', '--then-json', '{"a": {nmae}}'], 'got {nmae}'],
  [['--then', 'URL/{value.id}', '--each', 'a['], "--each: expected a path of JMESPath, got 'a['"],
  [['--each', 'a', '--then', 'URL/{value.id}'], '--each: expected a --then before it'],
  [['--then', 'URL/{value.id}', '--each', 'a', '--each', 'b'], '--each: expected it once after each --then'],
  [['--then', 'URL/{value.id}', '--max-items', '5', '--items', 'data'], '--max-items: expected it without --then'],
  [['--then', 'URL/{value.id}', '--items', 'data', '--save', 'x'], '--items: expected --each after the first --then'],
  [['--then', 'URL/{value.id}', '--then-items', 'a', '--save', 'x'], '--then-items: expected it without --save'],
  [['--then', 'URL/{value.id}', '--checksum', `sha1:${'0'.repeat(40)}`], '--checksum: expected --save beside it'],
  [['--then', 'URL/{value.id}', '--save', 'x', '--name', '{vlaue.id}'], 'got {vlaue.id}'],
  [['--then', 'URL/{value.id}', '-o', 'run.jsonl', '--resume'], 'expected an output for the rows besides the run file'],
])('%j is refused before anything is sent', async (args, message) => {
  const { run, server } = await teams()
  const { code, stderr } = await run(['URL/teams', ...args])
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  expect(server.requests).toHaveLength(0)
})

test('credentials go to an origin that the template names, and to no origin that a value names', async () => {
  const { run, server } = await workplace(({ url, headers }, response) =>
    response.end(JSON.stringify({ other: other.url, auth: headers['authorization'] ?? null, at: url })),
  )
  const other = await echoServer(({ headers }, response) =>
    response.end(JSON.stringify({ auth: headers['authorization'] ?? null, tag: headers['x-tag'] ?? null })),
  )
  const args = ['URL/a', '--bearer', 'token-1', '-H', 'X-Tag: {{tag}}', '-q']
  const named = await run([...args, '--then', `${other.url}/{value.at}`.replace('/{', '/x{/')])
  expect(named.lines[0]?.value).toEqual({ auth: 'Bearer token-1', tag: '{{tag}}' })
  const found = await run([...args, '--then', '{+value.other}/x'])
  expect(found.lines[0]?.value).toEqual({ auth: null, tag: null })
  const home = await run([...args, '--then', '/b'])
  expect(home.lines[0]?.value).toMatchObject({ auth: 'Bearer token-1', at: '/b' })
  expect(server.requests).toHaveLength(4)
})

test('--resume sends only what is missing, and every other output gets each row once', async () => {
  const { run, server, linesIn } = await teams()
  const args = [
    'URL/team/{1..3}',
    '--then',
    'URL/user/{value.id}',
    '--each',
    'users',
    '-o',
    'run.jsonl',
    '-o',
    'rows.jsonl',
    '--resume',
  ]
  await run([...args, '--limit', '2'])
  expect(server.requests).toHaveLength(6)
  const { stderr } = await run(args)
  expect(server.requests).toHaveLength(9)
  expect(stderr).toMatch(
    /^9 ok, 0 failed \(6 of these restored from the run file\), 6 of these followed from 3 requests in /m,
  )
  expect(idsOf(linesIn('rows.jsonl'))).toEqual([11, 12, 21, 22, 31, 32])
  expect(linesIn('run.jsonl')).toHaveLength(9)
})

test('preq plan says that requests of --then are not counted, and refuses what a run would refuse', async () => {
  const { run, server } = await teams()
  const { stdout } = await run(['plan', 'URL/teams', '--then', 'URL/user/{value.id}'])
  expect(stdout).toMatch(/^1 requests .*\nnot counted, because they depend on the responses: requests of --then\n/)
  const { code, stderr } = await run(['plan', 'URL/teams', '--then', 'URL/user/{vlaue}'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('Did you mean {value}?')])
  expect(server.requests).toHaveLength(0)
})

test('--save saves the responses of the last stage, under names with its values', async () => {
  const { run, text, write, server } = await teams()
  write('rows.csv', 'team\n1\n2\n')
  const then = [
    '--then',
    'URL/user/{value.id}',
    '--each',
    'users',
    '--save',
    'files',
    '--name',
    '{team}-{value.id}.json',
  ]
  const args = [
    'URL/team/{team}',
    '-i',
    'rows.csv',
    ...then,
    '--select',
    'path',
    '-o',
    'run.jsonl',
    '-o',
    '-',
    '--resume',
  ]
  const { stdout, code } = await run(args)
  expect(code).toBe(0)
  const saved = ['files/1-11.json', 'files/1-12.json', 'files/2-21.json', 'files/2-22.json']
  expect(saved.every(path => stdout.includes(path))).toBe(true)
  expect(JSON.parse(text('files/2-21.json'))).toMatchObject({ id: 21 })
  await run(args)
  expect(server.requests).toHaveLength(6)
})

test('headers of a pasted command go to its own origin only', async () => {
  const other = await echoServer(({ headers }, response) =>
    response.end(JSON.stringify({ tag: headers['x-tag'] ?? null })),
  )
  const { run } = await teams()
  const pasted = ['--curl', `curl 'URL/user/1' -H 'X-Tag: mine'`, '-q']
  const away = await run([...pasted, '--then', `${other.url}/user/{value.id}`])
  expect(away.lines[0]?.value).toEqual({ tag: null })
  const home = await run([...pasted, '--then', '/user/{value.id}0'])
  expect(home.lines[0]?.value).toMatchObject({ tag: 'mine' })
})

test('a row of JSON lines has columns of its own in every stage', async () => {
  const { run } = await teams()
  const rows = ['{"id": 1, "tag": "a"}', '{"id": 2}'].join('\n')
  const args = [
    'URL/team/{id}',
    '-i',
    '-',
    '--format',
    'jsonl',
    '--then',
    'URL/user/{value.id}?tag={tag}',
    '--each',
    'users',
  ]
  const { lines } = await run([...args, '-q', '--order', 'input'], { stdin: rows })
  expect(endsOf(lines)).toEqual(['ok', 'ok', 'invalid_request/template', 'invalid_request/template'])
})

test('a URL of a stage may have operators, lists and modifiers', async () => {
  const { run, server } = await workplace(({ url }, response) =>
    response.end(
      JSON.stringify(url === '/list' ? { id: 'abcdef', tags: ['x', 'y'], path: 'a/b', page: 2 } : { ok: true }),
    ),
  )
  const url = 'URL/x/{+value.path}/{value.id:3}{?value.tags*,value.page}'
  const { code, stderr } = await run(['URL/list', '--then', url, '-q'])
  expect([code, stderr]).toEqual([0, ''])
  expect(server.requests[1]?.url).toBe('/x/a/b/abc?tags=x&tags=y&page=2')
})
