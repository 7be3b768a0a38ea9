/**
 * What is built, on other Nodes than ours: the oldest that the package is for and a newer one. Their paths are in
 * OTHER_NODES, separated by colons (`.ci/runtimes` has them); without it these tests are skipped, and counted.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { echoServer } from '../support/echo-server.ts'

const run = promisify(execFile)
const NODES = (process.env['OTHER_NODES'] ?? '').split(':')
const MAIN = resolve('dist/cli/main.js')

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Everything that is loaded late or leans on a young part of Node. */
const TOUR = `
  import { readFileSync } from 'node:fs'
  import { ParallelRequests, parallelRequests, parallelRequestsSync } from '${resolve('dist/index.js')}'
  import { csv, folder, jsonLines, sqlite } from '${resolve('dist/sinks/index.js')}'
  import { mockTransport } from '${resolve('dist/testing/index.js')}'
  const base = process.argv[2] + '/'
  const urls = Array.from({ length: 20 }, (_, index) => base + index)
  const found = {}
  found.list = (await parallelRequests(urls)).length
  found.keyed = Object.keys(await parallelRequests(urls.slice(0, 2), { keys: ['a', 'b'] }))
  found.sync = parallelRequestsSync(urls).length
  found.file = (await parallelRequests(urls[0], { returnType: 'file', saveTo: 'saved' })).bytes > 0
  found.posted = (await parallelRequests({ url: base, method: 'POST', json: { id: 7 } })).body
  found.mocked = await parallelRequests(urls[0], { transport: mockTransport(() => ({ json: 1 })) })
  const client = new ParallelRequests({ workers: 2, rateLimit: '500/s', cookieFile: 'jar.txt' })
  found.streamed = 0
  for await (const { ok } of client.stream(urls.values(), { resume: 'run.jsonl' })) found.streamed += ok ? 1 : 0
  found.restored = 0
  for await (const { source } of client.stream(urls.values(), { resume: 'run.jsonl' }))
    found.restored += source === 'run-file' ? 1 : 0
  for (const [name, sink] of Object.entries({
    csv: csv('out.csv'), folder: folder('bodies'), json: jsonLines('out.jsonl'), sqlite: sqlite('out.db', { table: 't' }),
  })) found[name] = (await client.drain(urls, { sink })).ok
  await client.close()
  console.log(JSON.stringify(found))
`

describe.skipIf(NODES[0] === '').each(NODES)('Node %s', node => {
  test('has all of the library.', async () => {
    const server = await echoServer()
    const folder = newFolder()
    writeFileSync(join(folder, 'tour.mjs'), TOUR)
    const { stdout } = await run(node, ['--disable-warning=ExperimentalWarning', 'tour.mjs', server.url], {
      cwd: folder,
    })
    expect(JSON.parse(stdout)).toEqual({
      list: 20,
      keyed: ['a', 'b'],
      sync: 20,
      file: true,
      posted: '{"id":7}',
      mocked: 1,
      streamed: 20,
      restored: 20,
      csv: 20,
      folder: 20,
      json: 20,
      sqlite: 20,
    })
  })

  test('has all of the command line, and nothing to complain about.', async () => {
    const server = await echoServer()
    const folder = newFolder()
    const preq = (...args: string[]) => run(node, [MAIN, ...args], { cwd: folder })
    const { stdout: version } = await run(node, ['--version'])
    expect((await preq('doctor')).stdout).toContain(version.trim())
    writeFileSync(join(folder, 'rows.csv'), 'id,name\n1,"a, b"\n2,c\n')
    const template = `${server.url}/{id}`
    const { stdout, stderr } = await preq(template, '-i', 'rows.csv', '--select', 'url', '-q')
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
    expect((await preq('plan', template, '-i', 'rows.csv')).stdout).toContain('2')
    for (const name of ['out.jsonl', 'out.csv', 'out.db']) {
      // oxlint-disable-next-line no-await-in-loop -- One after the other.
      const { stderr: said } = await preq(template, '-i', 'rows.csv', '-q', '-o', name)
      expect(said).toBe('')
    }
    await preq(template, '-i', 'rows.csv', '--save', 'bodies', '--name', '{id}.json', '-q')
    expect(JSON.parse(readFileSync(join(folder, 'bodies/2.json'), 'utf8'))).toMatchObject({ url: '/2' })
    await preq(template, '-i', 'rows.csv', '-q', '-o', 'out.jsonl', '--resume')
    expect(server.requests).toHaveLength(2 * 5)
  })
})
