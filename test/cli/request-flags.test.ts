/** Flags for the request itself, checked at the server. */
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

describe('A request', () => {
  test('is resolved against --base-url, with or without a slash at its end', async () => {
    const { run, server } = await workplace()
    for (const base of ['URL/v1/', 'URL/v1', 'URL']) expect((await run(['a/b', '--base-url', base])).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/a/b', '/v1/a/b', '/a/b'])
  })

  test('has the method of --method and the credentials of --auth, from the command line, a variable or a file', async () => {
    const { run, server, write } = await workplace()
    write('pair', 'me:from-file\n')
    await run(['URL/a', '-X', 'delete', '--auth', 'me:word'])
    await run(['URL/a', '--method', 'PUT', '--auth', 'env:PAIR'], { env: { PAIR: 'me:from-env' } })
    await run(['URL/a', '--auth', '@pair'])
    expect(server.requests.map(({ method, headers }) => [method, headers['authorization']])).toEqual([
      ['DELETE', basic('me:word')],
      ['PUT', basic('me:from-env')],
      ['GET', basic('me:from-file')],
    ])
    const refused = await run(['URL/a', '--auth', 'hidden-word', '--bearer', 'x'])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('expected one of --auth and --bearer')])
    expect(refused.stderr).not.toContain('hidden-word')
  })

  test('sends --cookie to the origins of the input, and cookies of --cookie-file in the next run', async () => {
    const { run, server, text } = await workplace((_echo, response) => {
      response.setHeader('set-cookie', 'seen=yes; Max-Age=3600').end('{}')
    })
    const args = ['URL/a', '--cookie', 'a=1', '--cookie-file', 'jar.json']
    expect((await run(args)).code).toBe(0)
    expect((await run(args)).code).toBe(0)
    expect(server.requests.map(({ headers }) => headers['cookie'])).toEqual(['a=1', expect.stringMatching(/seen=yes/)])
    expect(text('jar.json')).toContain('seen')
    await run(['URL/a', '--cookie-file', 'jar.txt', '-q'])
    expect(text('jar.txt')).toMatch(/\tseen\tyes$/m)
  })

  test('keeps cookies of a server within its row, shares them with --share-cookies, and drops them with --no-cookies', async () => {
    const { run, server } = await workplace(({ url }, response) => {
      response.setHeader('set-cookie', 'seen=yes')
      if (url.startsWith('/hop')) response.writeHead(302, { location: '/end' })
      response.end('{}')
    })
    let from = 0
    const seen = (): (string | undefined)[] => {
      const since = server.requests.slice(from)
      from += since.length
      return since.map(({ headers }) => headers['cookie'])
    }
    await run(['URL/hop', '-c', '1', '--cookie', 'a=1'])
    expect(seen()).toEqual(['a=1', 'a=1; seen=yes'])
    await run(['URL/a', 'URL/b', '-c', '1'])
    expect(seen()).toEqual([undefined, undefined])
    await run(['URL/a', 'URL/b', '-c', '1', '--share-cookies'])
    expect(seen()).toEqual([undefined, 'seen=yes'])
    await run(['URL/hop', '-c', '1', '--no-cookies'])
    expect(seen()).toEqual([undefined, undefined])
    const { code, stderr } = await run(['URL/a', '--no-cookies', '--cookie-file', 'jar.json'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--no-cookies: expected it without --cookie-file')])
  })

  test('never gets the session of another row, and --cookie-file never stores one of a row with a credential', async () => {
    const { run, server, write, file } = await workplace(({ headers }, response) => {
      const session = /sid=(\w+)/.exec(headers['cookie'] ?? '')?.[1]
      const you = session ?? headers['authorization']?.replace('Bearer ', '')
      response.setHeader('set-cookie', `sid=${you}; Path=/`).end(JSON.stringify({ you }))
    })
    const users = Array.from({ length: 60 }, (_, at) => `u${at % 20}`)
    write('users.csv', `user\n${users.join('\n')}\n`)
    const args = [
      'URL/me',
      '-i',
      'users.csv',
      '-H',
      'Authorization: Bearer {user}',
      '--select',
      'you',
      '--order',
      'input',
    ]
    const seen = async (more: readonly string[]): Promise<unknown> =>
      (await run([...args, ...more])).lines.map(({ value }) => value)
    expect(await seen([])).toEqual(users)
    expect(server.requests.filter(({ headers }) => headers['cookie'] !== undefined)).toEqual([])
    expect(await seen(['--cookie-file', 'jar.json'])).toEqual(users)
    expect(existsSync(file('jar.json'))).toBe(false)
  })

  test('with --bearer and a header for all rows uses the cookies of --cookie-file, as one without them does', async () => {
    const { run, server } = await workplace((_echo, response) => {
      response.setHeader('set-cookie', 'seen=yes; Max-Age=3600').end('{}')
    })
    const args = ['URL/a', '-H', 'X-API-Key: k', '--bearer', 't', '--cookie-file', 'jar.json', '-q']
    await run(args)
    await run(args)
    expect(
      server.requests.map(({ headers }) => [headers['authorization'], headers['x-api-key'], headers['cookie']]),
    ).toEqual([
      ['Bearer t', 'k', undefined],
      ['Bearer t', 'k', 'seen=yes'],
    ])
  })

  test('sends the --user-agent, and several of them in turn', async () => {
    const { run, server } = await workplace()
    await run(['URL/{1..4}', '-c', '1', '-A', 'one', '--user-agent', 'two'])
    await run(['URL/5'], { env: { PREQ_USER_AGENT: 'of the environment' } })
    expect(server.requests.map(({ headers }) => headers['user-agent'])).toEqual([
      'one',
      'two',
      'one',
      'two',
      'of the environment',
    ])
  })

  test('has a key with --idempotency-key, which is the same in every attempt', async () => {
    let count = 0
    const { run, server } = await workplace((_echo, response) => {
      response.writeHead(count++ === 0 ? 500 : 200).end('{}')
    })
    const { code } = await run(['URL/a', '--json', '{}', '--idempotency-key', '--backoff', '1ms'])
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect([code, keys.length, new Set(keys).size]).toEqual([0, 2, 1])
    expect(keys[0]).toMatch(/.{16,}/)
  })

  test('may have its own Host only with --allow-host-header', async () => {
    const { run, server } = await workplace()
    expect(endsOf((await run(['URL/a', '-H', 'host: other.example'])).lines)).toEqual(['invalid_request/header'])
    expect((await run(['URL/a', '-H', 'host: other.example', '--allow-host-header'])).code).toBe(0)
    expect(server.requests.map(({ headers }) => headers['host'])).toEqual(['other.example'])
  })

  test('is multipart/form-data with --multipart fields, files and columns, and a cell never names a file to read', async () => {
    const { run, server, write } = await workplace()
    write('a.txt', 'content of a')
    write('secret.txt', 'never sent')
    write('rows.csv', 'name,path\n@secret.txt,a.txt\nx,none.txt\n')
    const { code, lines } = await run(['URL/up', '-i', 'rows.csv', '-F', 'who={name}', '--multipart', 'doc=@{path}'])
    expect([code, endsOf(lines)]).toEqual([1, ['ok', 'invalid_request/file']])
    const [sent] = server.requests
    expect(sent?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(sent?.body).toContain('name="who"\r\n\r\n@secret.txt\r\n')
    expect(sent?.body).toMatch(/name="doc"; filename="a\.txt"[^]*content of a/)
    expect(sent?.body).not.toContain('never sent')
    const refused = await run(['URL/up', '--json', '{}', '-F', 'a=b'])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('got --json and --multipart')])
  })
})

describe('A body', () => {
  test.each([
    ['auto', '{"a":1}', { a: 1 }],
    ['auto', 'plain', 'plain'],
    ['json', '{"a":1}', { a: 1 }],
    ['text', '{"a":1}', '{"a":1}'],
    ['bytes', 'ab', 'YWI='],
  ])('becomes a value --as %s: %s', async (as, body, value) => {
    const { run } = await workplace((_echo, response) => void response.end(body))
    const { lines } = await run(['URL/a', '--as', as])
    expect(lines).toMatchObject([{ ok: true, value }])
  })

  test('that is not JSON fails --as json, and an unknown value of --as is refused with a suggestion', async () => {
    const { run } = await workplace((_echo, response) => void response.end('plain'))
    expect(endsOf((await run(['URL/a', '--as', 'json'])).lines)).toEqual(['parse/json'])
    const { code, stderr } = await run(['URL/a', '--as', 'jso'])
    expect([code, stderr]).toEqual([2, expect.stringContaining("Did you mean 'json'?")])
  })

  test('is kept by --save only if its --checksum matches, row by row', async () => {
    const { run, write, file } = await workplace((_echo, response) => void response.end('hello'))
    const right = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    write('rows.csv', `name,sum\ngood,${right}\nbad,${'0'.repeat(64)}\n`)
    const args = ['URL/{name}', '-i', 'rows.csv', '--save', 'out', '--name', '{name}', '--checksum', 'sha256:{sum}']
    const plan = await run(['plan', ...args])
    expect([plan.code, existsSync(file('out'))]).toEqual([0, false])
    const { code, lines } = await run([...args, '--retries', '0'])
    expect([code, endsOf(lines)[0], endsOf(lines)[1]]).toEqual([1, 'ok', expect.stringMatching(/checksum/)])
    expect([existsSync(file('out/good')), existsSync(file('out/bad'))]).toEqual([true, false])
    const alone = await run(['URL/a', '--checksum', `sha256:${right}`])
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--checksum: expected --save beside it')])
    const short = await run(['URL/a', '--save', 'out', '--checksum', 'sha256:12'])
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('--checksum: expected a checksum such as')])
  })

  test('of a row of JSON lines may be named by its fields', async () => {
    const { run, write, file } = await workplace()
    write('rows.jsonl', '{"id": 7}\n{"id": "b"}\n')
    expect((await run(['URL/{id}', '-i', 'rows.jsonl', '--save', 'out', '--name', 'n-{id}'])).code).toBe(0)
    expect([existsSync(file('out/n-7')), existsSync(file('out/n-b'))]).toEqual([true, true])
  })
})
