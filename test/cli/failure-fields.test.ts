/** What a server says and where it points to, in every output of the command line. */
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import type { Respond } from '../support/echo-server.ts'

const REASON = '{"error":"no such person"}'
/** `/ok` is found, `/moved` is found elsewhere, anything else is not. */
const people: Respond = ({ url }, response) => {
  if (url.startsWith('/moved')) response.writeHead(307, { location: '/ok?token=CANARY' }).end()
  else if (url.startsWith('/ok')) response.writeHead(200, { etag: '"1"', location: '/self' }).end('{}')
  else response.writeHead(404, { 'content-type': 'application/json', 'x-request-id': 'r7' }).end(REASON)
}

const ARGS = ['URL/ok', 'URL/moved', 'URL/gone', '--response-headers', 'ETag, x-request-id']
const EXTRA = [
  { location: '/self', headers: { etag: '"1"' } },
  { finalUrl: expect.stringMatching(/\/ok\?token=\*\*\*$/), location: '/self', headers: { etag: '"1"' } },
  { headers: { 'x-request-id': 'r7' }, error: { code: 'http/404', body: REASON } },
]

test('JSON lines and the run file have the body, the final URL, the Location and the named headers', async () => {
  const { run, linesIn, text } = await workplace(people)
  const { lines } = await run([...ARGS, '-o', 'r.jsonl', '-o', '-'])
  expect(lines).toMatchObject(EXTRA)
  expect(linesIn('r.jsonl')).toMatchObject(EXTRA)
  expect(lines[0]).not.toHaveProperty('finalUrl')
  expect(text('r.jsonl')).not.toContain('CANARY')
})

test('restored outcomes have them as well', async () => {
  const { run, server } = await workplace(people)
  await run([...ARGS, '-o', 'r.jsonl'])
  const sent = server.requests.length
  const { lines } = await run([...ARGS, '-o', 'r.jsonl', '-o', '-', '--resume'])
  expect(lines).toMatchObject(EXTRA)
  expect(server.requests.length).toBe(sent)
})

test('a run file of an earlier version, without these fields, is resumed', async () => {
  const { run, write, text } = await workplace(people)
  await run([...ARGS, '-o', 'r.jsonl'])
  const plain = text('r.jsonl')
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const { crc: _crc, finalUrl: _finalUrl, location: _location, headers: _headers, ...rest } = JSON.parse(line)
      if (rest.error !== undefined) delete rest.error.body
      return `${JSON.stringify(rest)}\n`
    })
  write('r.jsonl', plain.join(''))
  const { code, lines } = await run([...ARGS, '-o', 'r.jsonl', '-o', '-', '--resume'])
  expect(code).toBe(1)
  expect(lines[2]).toMatchObject({ error: { code: 'http/404' } })
  expect(lines[2]?.error).not.toHaveProperty('body')
})

test('CSV has a column for each named header, and error_body, final_url and location where they are asked for', async () => {
  const { run } = await workplace(people)
  const { stdout } = await run([
    ...ARGS,
    '--order',
    'input',
    '--output-format',
    'csv',
    '--columns',
    'status,error_body,location',
  ])
  expect(stdout).toBe(`status,error_body,location,etag,x-request-id
200,,/self,"""1""",
200,,/self,"""1""",
404,"{""error"":""no such person""}",,,r7
`)
  expect((await run([...ARGS, '--output-format', 'csv'])).stdout).toMatch(
    /^index,url,status,value,error,etag,x-request-id\n/,
  )
})

test('SQLite has fixed columns for them, and one for each named header', async () => {
  const { run, file } = await workplace(people)
  await run([...ARGS, '-o', 'r.db', '--response-headers', 'location'])
  const database = new DatabaseSync(file('r.db'))
  const rows = database.prepare('SELECT * FROM results ORDER BY "index"').all()
  database.close()
  expect(rows[1]).toMatchObject({
    final_url: expect.stringMatching(/\/ok/),
    location: '/self',
    etag: '"1"',
    'header.location': '/self',
  })
  expect(rows[2]).toMatchObject({ error_body: REASON, 'x-request-id': 'r7' })
})

test('-w has fields for them, and a column of the input of the same name under its prefix', async () => {
  const { run, write } = await workplace(people)
  write('in.csv', 'url,location\nURL/gone,Bern\nURL/ok,Thun\n')
  const template = '={error_body}|{final_url}|{location}|{row.location}|{header.etag}|{etag}\\n'
  const args = ['-i', 'in.csv', '--order', 'input', '--response-headers', 'etag']
  const { stdout } = await run([...args, '-w', template])
  expect(stdout).toBe(`=${REASON}|||Bern||\n=||/self|Thun|"1"|"1"\n`)
})

test('a header that says a secret of the request back is shown without it in every output', async () => {
  const echo: Respond = ({ headers, url }, response) => {
    response.writeHead(url === '/ok' ? 200 : 404, { 'x-said': `${headers['authorization']}; ${headers['x-api-key']}` })
    response.end('{}')
  }
  const { run, text } = await workplace(echo)
  const secret = ['--bearer', 'CANARY-bearer', '-H', 'x-api-key: CANARY key']
  const outputs = ['-o', 'r.jsonl', '-o', 'r.csv', '-o', 'r.db', '-o', '-']
  const { stdout } = await run(['URL/ok', 'URL/gone', '--response-headers', 'x-said', ...secret, ...outputs])
  expect(text('r.csv').match(/\*{3}; \*{3}/g)).toHaveLength(2)
  for (const said of [stdout, text('r.jsonl'), text('r.csv'), text('r.db')]) expect(said).not.toContain('CANARY')
})

describe('--max-error-body', () => {
  test.each([
    ['0', undefined],
    ['8B', '{"error"'],
    ['none', REASON],
  ])('%s shows %j', async (size, body) => {
    const { run } = await workplace(people)
    const { lines } = await run(['URL/gone', '--max-error-body', size])
    expect(lines[0]?.error?.body).toBe(body)
  })

  test.each(['8', '-1', 'x'])('refuses %s', async size => {
    const { run } = await workplace(people)
    const { code, stderr } = await run(['URL/gone', '--max-error-body', size])
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^preq: --max-error-body: expected a size such as '2KiB', or 0/),
    ])
  })
})

describe('--response-headers refuses before anything is sent', () => {
  test.each([
    ['a b', /^preq: --response-headers: expected the name of a header such as 'etag', got "a b"\./],
    ['etag,,x', /^preq: --response-headers: expected the name of a header such as 'etag', got ""\./],
    ['etag: 1', /expected the name of a header/],
    ['\u001B[2J', /got "\\u001b\[2J"|got "\\\\u001b\[2J"/],
    ['Set-Cookie', /^preq: --response-headers: expected a header without a secret, got "Set-Cookie"\. Outputs hold no/],
  ])('%j', async (names, message) => {
    const { run, server } = await workplace(people)
    const { code, stderr } = await run(['URL/ok', '--response-headers', names])
    expect(stderr).toMatch(message)
    expect([code, server.requests.length]).toEqual([2, 0])
  })
})
