import { expect, it } from 'vitest'
import { sources } from '../support/sources.ts'

const MOST_LINES = 300
/** Tables may be long; logic may not. */
const TABLES = ['src/config/options.ts', 'src/cli/flags.ts']

it(`keeps every file under src within ${MOST_LINES} lines`, () => {
  const long = sources
    .filter(({ path, text }) => !TABLES.includes(path) && text.trimEnd().split('\n').length > MOST_LINES)
    .map(({ path }) => path)
  expect(long).toEqual([])
})

it('begins every file with a comment that says what it is for', () => {
  const bare = sources.filter(({ text }) => !/^(?:#!.*\n|\/\/\/.*\n)*\/\*\*/.test(text)).map(({ path }) => path)
  expect(bare).toEqual([])
})
