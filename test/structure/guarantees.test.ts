import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const rows = readFileSync('docs/guarantees.md', 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| ') && !line.startsWith('| promise'))
  .map(line => ({ line, files: [...line.matchAll(/`((?:test|bench)\/[^`]+)`/g)].map(([, file = '']) => file) }))

test('docs/guarantees.md names a test for every promise', () => {
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.filter(({ files }) => files.length === 0).map(({ line }) => line)).toEqual([])
})

test('docs/guarantees.md names only tests that exist', () => {
  expect(rows.flatMap(({ files }) => files).filter(file => !existsSync(file))).toEqual([])
})
