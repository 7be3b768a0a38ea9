/**
 * The built package under Node's permission model. Starts a process, because a running process cannot drop permissions.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import { echoServer } from '../support/echo-server.ts'

const run = promisify(execFile)
const FILES = ['--permission', '--allow-fs-read=*', '--allow-fs-write=*', '--disable-warning=SecurityWarning']
const [, NEWER = ''] = (process.env['OTHER_NODES'] ?? '').split(':')

const APP = `
  import { ParallelRequests, parallelRequests, parallelRequestsSync } from '${resolve('dist/index.js')}'
  import { csv, folder, jsonLines } from '${resolve('dist/sinks/index.js')}'
  const urls = [process.argv[2]]
  const told = []
  const note = async (name, work) => told.push([name, await Promise.resolve().then(work).catch(error => error.name + ': ' + error.message)])
  const codes = { onFailure: 'settle', maxRetries: 0 }
  const code = ([outcome]) => (outcome.ok ? 'ok' : outcome.error.code)
  await note('list', () => parallelRequests(urls, codes).then(code))
  await note('name', () => parallelRequests(urls.map(url => url.replace('127.0.0.1', 'localhost')), codes).then(code))
  await note('saveTo', () => parallelRequests(urls, { ...codes, returnType: 'file', saveTo: 'saved' }).then(code))
  for (const [name, sink] of [['csv', () => csv('a.csv')], ['json', () => jsonLines('a.jsonl')], ['folder', () => folder('bodies')]])
    await note(name, async () => {
      await using client = new ParallelRequests({ maxRetries: 0 })
      return (await client.drain(urls, { sink: sink() })).ok
    })
  await note('replaced', async () => {
    await using client = new ParallelRequests({ maxRetries: 0 })
    return (await client.drain(urls, { sink: csv('a.csv', { overwrite: true }) })).ok
  })
  await note('resume', async () => {
    await using client = new ParallelRequests({ maxRetries: 0 })
    return (await client.drain(urls, { resume: 'run.jsonl' })).ok
  })
  await note('power', async () => {
    await using client = new ParallelRequests()
    return (await client.drain(urls, { resume: 'power.jsonl', durability: 'power' })).ok
  })
  await note('sync', () => parallelRequestsSync(urls).length)
  await note('workers', () => parallelRequests(urls, { workers: 1 }).then(values => values.length))
  console.log(JSON.stringify(Object.fromEntries(told)))
`

async function told(node: string, flags: readonly string[]): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  // The app uses `await using`, so it runs only on Node 24 or later.
  writeFileSync(join(folder, 'app.mjs'), APP)
  const server = await echoServer()
  const { stdout } = await run(node, [...FILES, ...flags, 'app.mjs', server.url], { cwd: folder })
  const found = JSON.parse(stdout) as Record<string, unknown>
  if (found['csv'] === 1) expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toContain(server.url)
  return found
}

const WRITTEN = { saveTo: 'ok', csv: 1, json: 1, folder: 1, replaced: 1, resume: 1 }
const NO_THREADS = expect.stringMatching(/^ConfigError: .*expected to be allowed to start worker threads/) as unknown

it('with only file permissions, files are written and threads are refused by name', async () => {
  expect(await told(process.execPath, [])).toEqual({
    list: 'ok',
    name: 'ok',
    ...WRITTEN,
    power: expect.stringMatching(/^ConfigError: .*only durability 'process' works/),
    sync: NO_THREADS,
    workers: NO_THREADS,
  })
})

it('with --allow-worker, threads start', async () => {
  expect(await told(process.execPath, ['--allow-worker'])).toMatchObject({ sync: 1, workers: 1 })
})

it.skipIf(NEWER === '')(
  'a Node that denies the network fails requests with blocked/permission, also by host name',
  async () => {
    expect(await told(NEWER, [])).toMatchObject({ list: 'blocked/permission', name: 'blocked/permission' })
    expect(await told(NEWER, ['--allow-net'])).toMatchObject({ list: 'ok', ...WRITTEN })
  },
)
