/**
 * Every command and statement of docs/analysts.md, in its order, with the built `preq` and the API of its demo. DuckDB is
 * the package whose path is in the variable DUCKDB (.ci/runtimes); pandas is skipped where it is not installed.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogue } from '../../src/cli/demo/catalogue.ts'
import { moods } from '../../src/cli/demo/moods.ts'
import { startApi } from '../../src/cli/demo/server.ts'
import type { Api } from '../../src/cli/demo/server.ts'

const run = promisify(execFile)
const page = readFileSync('docs/analysts.md', 'utf8')
const fences = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)
const statements = (first: RegExp): string[] =>
  fences('sql')
    .filter(text => first.test(text))
    .map(text => text.replace(/^--.*\n/, ''))

const repositories = catalogue()
const PYTHON = '/usr/bin/python3'
const hasPandas = await run(PYTHON, ['-c', 'import pandas']).then(
  () => true,
  () => false,
)
const duckdb = process.env['DUCKDB']

let api: Api
let folder: string

beforeAll(async () => {
  api = await startApi({ repositories, moods: moods(repositories.length) })
  folder = mkdtempSync(join(tmpdir(), 'preq-analysts-'))
  writeFileSync(join(folder, 'preq'), `#!/bin/sh\nexec '${process.execPath}' '${resolve('dist/cli/main.js')}' "$@"\n`)
  chmodSync(join(folder, 'preq'), 0o755)
  const names = repositories.slice(14, 20).map(({ owner, name }) => `${api.baseUrl}repos/${owner}/${name}`)
  writeFileSync(join(folder, 'urls.txt'), `${names.join('\n')}\n`)
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` }
  for (const script of fences('sh')) {
    // Some requests fail, so the exit code may be 1.
    const done = run('sh', ['-c', script.replaceAll('http://127.0.0.1:7300/', api.baseUrl)], { cwd: folder, env })
    await done.catch((error: unknown) => {
      if ((error as { code: number }).code !== 1) throw error
    })
  }
}, 60_000)

afterAll(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

const stars = (license: string): number =>
  repositories.filter(one => one.license === license).reduce((sum, one) => sum + one.stars, 0)

describe('the page about data tools', () => {
  test('writes files with a row per repository', () => {
    const lines = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')
    expect(lines('repos.jsonl').map(line => (JSON.parse(line) as { name: string }).name)).toEqual(
      repositories.map(({ name }) => name),
    )
    expect(lines('repos.csv')).toHaveLength(repositories.length + 1)
    expect(lines('excel.csv')[0]).toMatch(/^\uFEFFindex;/)
  })

  test('has a statement for SQLite that runs', () => {
    using database = new DatabaseSync(join(folder, 'repos.sqlite'))
    const [statement = ''] = statements(/^-- SQLite/)
    const rows = database.prepare(statement).all()
    expect(rows.reduce((sum, row) => sum + Number(row['repositories']), 0)).toBe(repositories.length)
  })

  test.skipIf(duckdb === undefined)('has statements for DuckDB that run', async () => {
    const script = `
      import { DuckDBInstance } from ${JSON.stringify(pathToFileURL(duckdb ?? '').href)}
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      const results = []
      for (const statement of ${JSON.stringify(statements(/^-- DuckDB/))}) {
        results.push((await connection.runAndReadAll(statement)).getRowObjectsJson())
      }
      console.log(JSON.stringify(results))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
    const [byLicense, most, failures, values] = JSON.parse(stdout) as Record<string, unknown>[][]
    expect(Object.fromEntries(byLicense!.map(row => [row['license'], Number(row['stars'])]))['MIT']).toBe(stars('MIT'))
    expect(most).toHaveLength(5)
    expect(failures).toEqual([{ code: 'http/404', requests: '1' }])
    expect(values).toHaveLength(5)
  })

  test.skipIf(!hasPandas)('has a program for pandas that runs', async () => {
    const [program = ''] = fences('py')
    const { stdout } = await run(PYTHON, ['-c', program], { cwd: folder })
    expect(stdout).toMatch(new RegExp(`^MIT +${stars('MIT')}$`, 'm'))
    expect(stdout).toContain(repositories[14]!.name)
  })
})
