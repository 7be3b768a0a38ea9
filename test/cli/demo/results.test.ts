import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openResults, OutputError } from '../../../src/cli/demo/results.ts'

const OURS = '{"v":1,"index":3,"id":"0f","key":"a/b","method":"GET","url":"http://127.0.0.1:4321/repos/a/b","ok":true}'

const SALT = '{"v":2,"salt":"c2FsdA-_","at":"2026-01-02T03:04:05.000Z"}'
const OURS_NOW = `${SALT}\n${OURS.replace('"v":1', '"v":2')}\n`

function pathOf(content?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'preq-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'results.jsonl')
  if (content !== undefined) writeFileSync(path, content)
  return path
}

test.each([
  ['a missing', undefined],
  ['an empty', ''],
  ["an earlier demo's", `${OURS}\n${OURS}\n`],
  ["a killed demo's", OURS.slice(0, -4)],
  ["an earlier demo's of version 2", OURS_NOW],
])('the demo replaces %s results.jsonl', async (_, before) => {
  const path = pathOf(before)
  const results = await openResults(path)
  await results.write('first')
  await results.write('sécond')
  expect(await results.close()).toBe(14)
  expect(readFileSync(path, 'utf8')).toBe('first\nsécond\n')
})

test.each([
  ['notes', 'do not lose me\n'],
  ['results of other requests', OURS.replace('127.0.0.1:4321', 'api.example.com')],
  ['a run file of other requests', OURS_NOW.replace('127.0.0.1:4321', 'api.example.com')],
  ['results that contain a demo URL elsewhere', `{"v":1,"index":0,"note":{"url":"http://127.0.0.1:1/repos/a"}}`],
])('the demo does not replace a results.jsonl with %s', async (_, content) => {
  const path = pathOf(content)
  const error = await openResults(path).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(OutputError)
  expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(path) as unknown })
  expect(readFileSync(path, 'utf8')).toBe(content)
})

test('a missing folder is reported when the results of the demo are opened', async () => {
  const path = join(pathOf(), 'missing', 'results.jsonl')
  await expect(openResults(path)).rejects.toMatchObject({
    exitCode: 74,
    message: `cannot write ${path}: no such file or directory (ENOENT). Run in a folder where you may write.`,
  })
})

test('results.write waits for a slow disk and loses nothing', async () => {
  const path = pathOf()
  const results = await openResults(path)
  const line = 'x'.repeat(99_999)
  for (let count = 1; count <= 30; count++) {
    await results.write(line)
    // The file gets its own name only when it is complete.
    expect(statSync(`${path}.part`).size).toBe(count * 100_000)
  }
  expect(await results.close()).toBe(3_000_000)
  expect(readFileSync(path, 'utf8')).toBe(`${line}\n`.repeat(30))
})

test.skipIf(!existsSync('/dev/full'))('a failed write rejects the next write and close of the results', async () => {
  const path = pathOf()
  symlinkSync('/dev/full', path)
  const results = await openResults(path)
  const full = { exitCode: 74, message: expect.stringContaining('(ENOSPC)') as unknown }
  await results.write('lost').catch(() => undefined)
  await expect.poll(() => results.failed).toBe(true)
  await expect(results.write('more')).rejects.toMatchObject(full)
  await expect(results.close()).rejects.toMatchObject(full)
})
