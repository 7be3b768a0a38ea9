/** Every guard that `npm run nightly:mutants` takes out is where its table says: code that moves takes it along. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLI_MUTANTS } from '../../scripts/mutants/cli.ts'
import { MUTANTS } from '../../scripts/mutants/table.ts'

test.each([...MUTANTS, ...CLI_MUTANTS])('$guard', ({ edits, tests }) => {
  for (const { file, find } of edits) expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2)
  for (const path of tests) expect(existsSync(path), path).toBe(true)
})
