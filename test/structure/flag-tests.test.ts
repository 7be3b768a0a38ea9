import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FLAG_NAMES, flagOf } from '../../src/cli/flags.ts'
import type { FlagName } from '../../src/cli/flags.ts'

const tests = globSync('test/cli/**/*.test.ts')
  .map(path => readFileSync(path, 'utf8'))
  .join('\n')

/** Whether a test gives the flag, as a separate argument (`'--retries'`, `'-c'`) or in a shell line. */
function isGiven(name: FlagName): boolean {
  const { short } = flagOf(name)
  const spellings = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]
  return spellings.some(spelling => new RegExp(`['" \`]${spelling}['" \`]`).test(tests))
}

test('every flag of the command line is given in a test of test/cli', () => {
  expect(
    FLAG_NAMES.filter(name => !isGiven(name)),
    'add a test of the built binary',
  ).toEqual([])
})
