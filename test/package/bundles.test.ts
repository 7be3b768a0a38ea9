/** What docs/bundling.md promises of bundles, tested in a folder with nothing else in it. */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { rolldown } from 'rolldown'
import { describe, expect, it, onTestFinished } from 'vitest'
import { echoServer } from '../support/echo-server.ts'

const run = promisify(execFile)
const ENTRIES = { 'sync-worker': resolve('dist/sync-worker.js'), 'wire-worker': resolve('dist/wire-worker.js') }
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const APP = `
  import { parallelRequests, parallelRequestsSync } from '${resolve('dist/index.js')}'
  const url = process.argv[2]
  const said = []
  const note = (name, work) => Promise.resolve().then(work).then(
    value => said.push([name, value]), error => said.push([name, error.name + ': ' + error.message]))
  note('async', () => parallelRequests([url]).then(values => values.length))
    .then(() => note('sync', () => parallelRequestsSync([url]).length))
    .then(() => note('workers', () => parallelRequests([url], { workers: 1 }).then(values => values.length)))
    .then(() => note('cookieFile', () => parallelRequests([url], { cookieFile: 'jar.txt' }).then(values => values.length)))
    .then(() => console.log(JSON.stringify(Object.fromEntries(said))))
`

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'parallel-requests-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes the bundle into a folder of its own and runs it there. */
async function bundled(
  format: 'cjs' | 'esm',
  bundle: (app: string, out: string) => Promise<unknown>,
): Promise<{ said: Record<string, unknown>; requests: number }> {
  const source = newFolder()
  writeFileSync(join(source, 'app.mjs'), APP)
  await bundle(join(source, 'app.mjs'), join(source, 'out'))
  const alone = newFolder()
  cpSync(join(source, 'out'), alone, { recursive: true })
  writeFileSync(join(alone, 'package.json'), JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }))
  const server = await echoServer()
  const { stdout, stderr } = await run(process.execPath, ['app.js', server.url], { cwd: alone })
  expect(stderr).toBe('')
  return { said: JSON.parse(stdout) as Record<string, unknown>, requests: server.requests.length }
}

const withEsbuild =
  (format: 'cjs' | 'esm', workers: boolean, banner?: string) =>
  (app: string, outdir: string): Promise<unknown> =>
    build({
      entryPoints: { app, ...(workers && ENTRIES) },
      outdir,
      bundle: true,
      platform: 'node',
      format,
      logLevel: 'error',
      ...(banner !== undefined && { banner: { js: banner } }),
    })

const withRolldown =
  (workers: boolean) =>
  async (app: string, dir: string): Promise<unknown> => {
    const bundle = await rolldown({ input: { app, ...(workers && ENTRIES) }, platform: 'node', logLevel: 'silent' })
    return bundle.write({ dir, format: 'esm' })
  }

const BUNDLERS = [
  ['esbuild, CommonJS', 'cjs', (workers: boolean) => withEsbuild('cjs', workers)],
  ['esbuild, ESM', 'esm', (workers: boolean) => withEsbuild('esm', workers)],
  ['esbuild, ESM with a banner', 'esm', (workers: boolean) => withEsbuild('esm', workers, BANNER)],
  ['rolldown, ESM', 'esm', withRolldown],
] as const

describe.each(BUNDLERS)('a bundle of %s', (_, format, bundle) => {
  it('sends requests, and names the missing file for threads and cookie files', async () => {
    const { said, requests } = await bundled(format, bundle(false))
    expect(said['async']).toBe(1)
    expect(said['sync']).toMatch(/^ConfigError: parallelRequestsSync: expected sync-worker\.js beside /)
    expect(said['workers']).toMatch(/^ConfigError: workers: expected wire-worker\.js beside /)
    expect(said['cookieFile']).toMatch(/^ConfigError: cookieFile: expected the package tough-cookie /)
    expect(requests).toBe(1)
  })

  it('has threads if their modules are among its entries', async () => {
    const { said } = await bundled(format, bundle(true))
    expect(said).toMatchObject({ async: 1, sync: 1, workers: 1 })
  })
})

const REPORT_APP = `
  import { report } from '${resolve('dist/report/index.js')}'
  const said = {}
  for (const format of ['text', 'html']) {
    said[format] = await report([], { format }).then(text => text.slice(0, 15), error => error.name + ': ' + error.message)
  }
  console.log(JSON.stringify(said))
`

describe.each(BUNDLERS.filter(([name]) => name !== 'esbuild, CommonJS'))(
  'a report in a bundle of %s',
  (_, __, bundle) => {
    async function made(hasLibrary: boolean): Promise<Record<string, string>> {
      const [source, alone] = [newFolder(), newFolder()]
      writeFileSync(join(source, 'app.mjs'), REPORT_APP)
      await bundle(false)(join(source, 'app.mjs'), join(source, 'out'))
      cpSync(join(source, 'out'), alone, { recursive: true })
      writeFileSync(join(alone, 'package.json'), '{"type":"module"}')
      if (hasLibrary) cpSync('node_modules/uplot', join(alone, 'node_modules', 'uplot'), { recursive: true })
      const { stdout } = await run(process.execPath, ['app.js'], { cwd: alone })
      return JSON.parse(stdout) as Record<string, string>
    }

    it('finds the charting library beside it', async () => {
      expect((await made(true))['html']).toBe('<!doctype html>')
    })

    it('says what is missing without it, and writes other formats', async () => {
      expect(await made(false)).toEqual({
        text: expect.stringContaining('Report of') as string,
        html: 'ConfigError: cannot write an HTML report: the package uplot, which draws its charts, was not found. Install it next to your bundle, or write another format.',
      })
    })
  },
)

it('docs/bundling.md contains the banner that is tested', () => {
  expect(readFileSync('docs/bundling.md', 'utf8')).toContain(BANNER)
})
