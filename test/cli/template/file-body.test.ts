/** `--body @FILE`, with rows and without. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openJobs } from '../../../src/cli/input/jobs.ts'
import { planRun } from '../../../src/cli/run-plan.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { Unusable } from '../../../src/config/unusable.ts'

const folder = mkdtempSync(join(tmpdir(), 'preq-body-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ROWS = { 'rows.csv': 'id,name\n1,é\n2,b\n', 'rows.jsonl': '{"id":1,"name":"é"}\n{"id":2}\n' }

/** Each body as Latin-1, which shows every byte, or how its row fails. */
async function bodies(content: string | Uint8Array, rows?: keyof typeof ROWS): Promise<unknown> {
  const path = join(folder, 'body')
  writeFileSync(path, content)
  if (rows !== undefined) writeFileSync(join(folder, rows), ROWS[rows])
  const input = rows === undefined ? [] : ([['input', join(folder, rows)]] as const)
  const url = rows === undefined ? 'http://h/' : 'http://h/{id}'
  const { input: plan } = planRun([url], [...input, ['body', `@${path}`]], {})
  try {
    const jobs = await openJobs(plan)
    const found: unknown[] = []
    for await (const job of jobs) {
      found.push(job instanceof Unusable ? job.detail : Buffer.from(job.body as Uint8Array).toString('latin1'))
    }
    return [...found, ...jobs.sentAsIs]
  } catch (error) {
    return error instanceof UsageError ? error.message : error
  }
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

describe('--body @FILE', () => {
  test('fills a text file from rows and sends it as bytes without a content type', async () => {
    expect(await bodies('n={name}\n', 'rows.csv')).toEqual([utf8('n=é\n'), 'n=b\n'])
    expect(await bodies('\uFEFF{{name}} {"a":1}', 'rows.csv')).toEqual(Array(2).fill(utf8('\uFEFF{name} {"a":1}')))
  })

  test('refuses a misspelt column, reports other names that it sends unchanged, and fails a JSON line without the field', async () => {
    expect(await bodies('{nmae}', 'rows.csv')).toContain('--body: expected one of the columns id, name, got {nmae}.')
    expect(await bodies('{viewer}', 'rows.csv')).toEqual(['{viewer}', '{viewer}', '--body: {viewer}'])
    expect(await bodies('{name}', 'rows.jsonl')).toEqual([utf8('é'), 'template'])
  })

  test.each([
    ['latin1', Uint8Array.from([0xe9, 0x7b, 0x69, 0x64, 0x7d])],
    ['a zero', Uint8Array.from([0x00, 0x7b, 0x69, 0x64, 0x7d])],
  ])('sends a file that is not UTF-8 text unchanged: %s', async (_what, bytes) => {
    const text = Buffer.from(bytes).toString('latin1')
    expect(await bodies(bytes, 'rows.csv')).toEqual([text, text])
  })

  test('sends every file unchanged without rows', async () => {
    expect(await bodies('{id} {{id}}')).toEqual(['{id} {{id}}'])
  })
})
