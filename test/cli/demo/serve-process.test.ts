/** `preq demo --serve` of the built binary. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { sandbox } from '../sandbox.ts'
import { catalogue, fullName } from '../../../src/cli/demo/catalogue.ts'
import { parallelRequests } from '../../../src/index.ts'

const repositories = catalogue()

test('preq demo --serve prints the URL of its API, serves it, and ends with Ctrl-C', async () => {
  const { startPreq } = sandbox(onTestFinished)
  const preq = startPreq(['demo', '--serve', '--port', '0'])
  let shown = ''
  const { child } = preq
  child.stdout.on('data', (piece: Buffer) => void (shown += piece.toString()))
  await preq.says(/listens at http:\/\/127\.0\.0\.1:\d+\/\n[^]*--paginate link/)
  const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(shown)?.[0] ?? ''
  const names = repositories.slice(0, 3).map(fullName)
  const records = await parallelRequests(names.map(name => `${origin}/repos/${name}`))
  expect(records).toEqual(repositories.slice(0, 3))
  const all = await parallelRequests(`${origin}/repos?page=1`, { paginate: 'link', items: '@' })
  expect(all).toEqual(repositories)
  expect(await parallelRequests({ url: `${origin}/echo`, json: { n: 1 } })).toEqual({ sent: { n: 1 } })
  child.kill('SIGINT')
  const { code, stderr } = await preq.finished
  expect([code, stderr]).toEqual([0, ''])
})

test('preq demo --serve says what to do when its port is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise(listening => other.once('listening', listening))
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await sandbox(onTestFinished).startPreq(['demo', '--serve', '--port', String(port)]).finished
  expect(code).toBe(2)
  expect(stderr).toBe(
    `preq: port ${port} is in use. Choose another one with --port N, or --port 0 for any that is free.\n`,
  )
})

test.each([
  [['demo', '--port', '1'], '--port: expected --serve beside it, got none.'],
  [
    ['demo', '--serve', '--port', '70000'],
    "--port: expected a port from 1 to 65535, or 0 for any that is free, got '70000'.",
  ],
  [['demo', '--serve', '--port', 'x'], "--port: expected a port from 1 to 65535, or 0 for any that is free, got 'x'."],
])('preq %j is refused', async (args, message) => {
  const { code, stderr } = await sandbox(onTestFinished).startPreq(args).finished
  expect([code, stderr]).toEqual([2, `preq: ${message}\n`])
})
