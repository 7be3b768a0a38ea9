/** Every guard that `npm run nightly:mutants` removes must be where its table says. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CLI_MUTANTS } from '../../scripts/mutants/cli.ts'
import { MUTANTS } from '../../scripts/mutants/table.ts'

test.each([...MUTANTS, ...CLI_MUTANTS])('the mutant table finds the guard "$guard" in its file', ({ edits, tests }) => {
  for (const { file, find } of edits) expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2)
  for (const path of tests) expect(existsSync(path), path).toBe(true)
})
