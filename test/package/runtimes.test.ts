/**
 * The built package on other runtimes than the project's Node. `.ci/runtimes` installs them and gives their paths in
 * OTHER_NODES, separated by colons. Tests of a missing runtime are skipped, and counted.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
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

/** Every part that is loaded late, or needs a recent feature of Node. */
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

const TOO_OLD = process.env['TOO_OLD_NODE'] ?? ''

describe.skipIf(TOO_OLD === '')('a Node that is too old', () => {
  test.each(['index', 'sinks/index', 'testing/index'])(
    'gets a sentence instead of a SyntaxError when it imports %s',
    async entry => {
      const code = `import('${resolve(`dist/${entry}.js`)}').catch(error => console.log(error.name + ': ' + error.message))`
      const { stdout } = await run(TOO_OLD, ['-e', code])
      expect(stdout).toMatch(/^Error: parallel-requests needs Node 22\.19 or later, and this is v20\./)
    },
  )
})

/** A project in which Bun and Deno find the package like any other. */
function consumer(): string {
  const folder = newFolder()
  const modules = join(folder, 'node_modules')
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object }
  mkdirSync(join(modules, 'parallel-requests'), { recursive: true })
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(resolve('node_modules', name), join(modules, name), 'dir')
  }
  for (const name of ['dist', 'package.json']) {
    cpSync(name, join(modules, 'parallel-requests', name), { recursive: true })
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module', private: true }))
  return folder
}

const OTHERS = [
  ['Bun', process.env['BUN'] ?? '', ['run']],
  ['Deno', process.env['DENO'] ?? '', ['run', '-A', '--node-modules-dir=manual']],
] as const

describe.each(OTHERS)('%s', (_, runtime, flags) => {
  test.skipIf(runtime === '')('sends requests with the library and with preq', async () => {
    const server = await echoServer()
    const folder = consumer()
    writeFileSync(
      join(folder, 'main.mjs'),
      `import { ParallelRequests } from 'parallel-requests'
       import { csv, jsonLines } from 'parallel-requests/sinks'
       const urls = [0, 1, 2].map(id => '${server.url}/' + id)
       const client = new ParallelRequests({ rateLimit: '100/s' })
       const list = await client.request(urls)
       const { ok: rows } = await client.drain(urls, { sink: csv('out.csv') })
       const { ok: lines } = await client.drain(urls, { sink: jsonLines('out.jsonl') })
       await client.close()
       console.log(JSON.stringify({ list: list.length, rows, lines }))`,
    )
    const { stdout } = await run(runtime, [...flags, 'main.mjs'], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual({ list: 3, rows: 3, lines: 3 })
    const preq = join(folder, 'node_modules/parallel-requests/dist/cli/main.js')
    const { stdout: printed } = await run(runtime, [...flags, preq, `${server.url}/a`, '-q'], { cwd: folder })
    expect(JSON.parse(printed)).toMatchObject({ ok: true, status: 200 })
  })
})

describe.skipIf(NODES[0] === '').each(NODES)('Node %s', node => {
  test('runs the whole library', async () => {
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

  test('runs the whole command line without a warning', async () => {
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
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { stderr: said } = await preq(template, '-i', 'rows.csv', '-q', '-o', name)
      expect(said).toBe('')
    }
    await preq(template, '-i', 'rows.csv', '--save', 'bodies', '--name', '{id}.json', '-q')
    expect(JSON.parse(readFileSync(join(folder, 'bodies/2.json'), 'utf8'))).toMatchObject({ url: '/2' })
    await preq(template, '-i', 'rows.csv', '-q', '-o', 'out.jsonl', '--resume')
    expect(server.requests).toHaveLength(2 * 5)
  })
})
