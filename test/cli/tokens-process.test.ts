/** `--token-command` and `--oauth-…` of the built command line. */
import { expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { sendJson, tokenEndpoint } from '../support/token-endpoint.ts'

const guarded = (valid: string) =>
  workplace(({ headers }, response) => {
    response.statusCode = headers['authorization'] === `Bearer ${valid}` ? 200 : 401
    response.end('{}')
  })

test('--token-command runs once for all requests, and again after a 401', async () => {
  const { run, server, write, file, text } = await guarded('token-2')
  write('next.sh', `cd "$(dirname "$0")"; echo x >> calls; echo " token-$(wc -l < calls | tr -d ' ') "\n`)
  const { code, stderr } = await run(['URL/{1..20}', '--token-command', `sh '${file('next.sh')}'`, '-q'])
  expect([code, stderr]).toEqual([0, ''])
  expect(text('calls')).toBe('x\nx\n')
  expect(server.requests.filter(({ headers }) => headers['authorization'] === 'Bearer token-2')).toHaveLength(20)
})

test.each([
  ['printf "no \\033[31m red" >&2; exit 3', /--token-command: it ended with exit code 3: no .*\[31m red/],
  ['true', /it printed no token/],
  ['printf "a\\nb"', /a token that a header can hold/],
])('--token-command %j sends nothing, and says why', async (command, message) => {
  const { run, server } = await guarded('token-1')
  const { code, stderr } = await run(['URL/{1..3}', '--token-command', command])
  expect(code).toBe(1)
  expect(stderr).toMatch(message)
  expect(stderr).not.toContain('\u001b')
  expect(server.requests).toHaveLength(0)
})

test('rows on standard input are not taken by --token-command', async () => {
  const { run, server } = await guarded('token-1')
  const { code } = await run(['-q', '--token-command', 'cat > /dev/null; echo token-1'], { stdin: 'URL/1\nURL/2\n' })
  expect([code, server.requests.length]).toEqual([0, 2])
})

test('--oauth-token-url gets a token for --oauth-client, from the command line, variables or a file', async () => {
  const { run, server, write, file } = await guarded('token-1')
  write('client', 'my.id:my.secret\n')
  const endpoint = await tokenEndpoint((_asked, response) =>
    sendJson(response, 200, { access_token: 'token-1', token_type: 'Bearer' }),
  )
  const with_ = (...args: readonly string[]) => ['URL/a', '-q', '--oauth-token-url', endpoint.url, ...args]
  const env = { ID: 'my.id', SECRET: 'my.secret', BOTH: 'my.id:my.secret' }
  const raw = ['--oauth-client-auth', 'basic_raw']
  await run(with_('--oauth-client', 'my.id:my.secret', '--oauth-scope', 'read write', ...raw), { env })
  await run(with_('--oauth-client', 'env:ID:SECRET', ...raw), { env })
  await run(with_('--oauth-client', 'env:BOTH', ...raw), { env })
  await run(with_('--oauth-client', `@${file('client')}`, '--oauth-client-auth', 'body'), { env })
  const basic = `Basic ${btoa('my.id:my.secret')}`
  expect(endpoint.asked.map(({ authorization }) => authorization)).toEqual([basic, basic, basic, undefined])
  expect(endpoint.asked[0]?.form).toEqual({ grant_type: 'client_credentials', scope: 'read write' })
  expect(server.requests).toHaveLength(4)
})

test('--oauth-refresh-token comes from a variable, and its client may be public', async () => {
  const { run, server } = await guarded('token-1')
  const endpoint = await tokenEndpoint((_asked, response) =>
    sendJson(response, 200, { access_token: 'token-1', token_type: 'Bearer', refresh_token: 'next' }),
  )
  const env = { REFRESH: 'my.refresh' }
  const given = ['--oauth-token-url', endpoint.url, '--oauth-refresh-token', 'env:REFRESH']
  for (const who of ['my.id', 'my.id:my.secret']) {
    const { code } = await run(['URL/a', '-q', ...given, '--oauth-client', who], { env })
    expect(code).toBe(0)
  }
  expect(endpoint.asked.map(({ form, authorization }) => [form, authorization !== undefined])).toEqual([
    [{ grant_type: 'refresh_token', refresh_token: 'my.refresh', client_id: 'my.id' }, false],
    [{ grant_type: 'refresh_token', refresh_token: 'my.refresh' }, true],
  ])
  expect(server.requests).toHaveLength(2)
})

test.each([
  [['--oauth-refresh-token', 'hidden'], 'expected --oauth-token-url URL'],
  [
    ['--oauth-token-url', 'https://id.test/', '--oauth-client', 'id', '--oauth-refresh-token', 'env:NO_TOKEN'],
    'in the variable NO_TOKEN',
  ],
  [['--oauth-token-url', 'http://id.test/', '--oauth-client', 'a:hidden'], '--oauth-token-url: expected an https: URL'],
  [['--oauth-token-url', 'https://id.test/'], 'expected --oauth-client ID:SECRET'],
  [['--oauth-client', 'a:hidden'], 'expected --oauth-token-url URL'],
  [['--oauth-token-url', 'https://id.test/', '--oauth-client', 'hidden'], "expected 'ID:SECRET'"],
  [['--oauth-token-url', 'https://id.test/', '--oauth-client', 'env:NO_ID:NO_SECRET'], 'in the variable NO_ID'],
  [['--token-command', 'true', '--bearer', 'hidden'], 'expected one of --bearer and --token-command, got both'],
])('%j is refused before anything is sent', async (args, message) => {
  const { run, server } = await guarded('token-1')
  const { code, stderr } = await run(['URL/a', ...args])
  expect([code, server.requests.length]).toEqual([2, 0])
  expect(stderr).toContain(message)
  expect(stderr).not.toContain('hidden')
})
