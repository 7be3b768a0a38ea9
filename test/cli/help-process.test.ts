/** The manual page as `man` shows it. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const hasMan = spawnSync('man', ['--version']).status === 0

test.skipIf(!hasMan)('the manual page renders without a warning, with every section', () => {
  const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' } } as const
  const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', 'man/preq.1'], options)
  expect(stderr).toBe('')
  const titles = ['COMMANDS', 'FORMATS', 'TEMPLATES', 'RANGES', 'SELECTED PARTS', 'EXAMPLES', 'EXIT STATUS']
  expect(titles.filter(title => !new RegExp(`^${title}$`, 'm').test(stdout))).toEqual([])
})
