/** The help of `preq`: one screen for each command, valid examples, and a manual page that renders. */
import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { sandbox } from './sandbox.ts'
import { readArgs } from '../../src/cli/args.ts'
import { EXAMPLES } from '../../src/cli/examples.ts'
import { shellWords } from '../../src/cli/curl/words.ts'
import { givenSettings, readSettings } from '../../src/cli/settings.ts'

const COMMANDS = ['plan', 'report', 'doctor', 'completion', 'demo']

describe('The help of a command', () => {
  test.each(COMMANDS.flatMap(name => [[[name, '--help']], [[name, '-h']], [['help', name]]]))(
    'fits a screen of 24 × 80: %j',
    async args => {
      const { code, stdout, stderr } = await sandbox(onTestFinished).preq(args)
      expect([code, stderr]).toEqual([0, ''])
      const name = args.find(word => COMMANDS.includes(word))
      expect(stdout).toMatch(new RegExp(`^Usage: preq ${name}\\b`))
      const lines = stdout.trimEnd().split('\n')
      expect(lines.length).toBeLessThan(24)
      expect(lines.filter(line => line.length > 80)).toEqual([])
    },
  )

  test('lists the arguments and flags of the command', () => {
    const helpOf = (name: string): string => {
      const args = readArgs([name, '--help'])
      return 'text' in args ? args.text : ''
    }
    expect(helpOf('completion')).toContain('bash, zsh or fish')
    expect(helpOf('plan')).toContain('--rate N/UNIT')
    expect(helpOf('plan')).toContain('sends nothing')
  })

  test.each(['--help', '--help-all'])(
    'of all commands fits a terminal of 80 columns, but for the examples: %s',
    async flag => {
      const { stdout } = await sandbox(onTestFinished).preq([flag])
      const lines = stdout.split('\n').filter(line => !EXAMPLES.some(example => line === `    ${example.line}`))
      expect(lines.filter(line => line.length > 80 || line.endsWith(' '))).toEqual([])
    },
  )

  test('without a known command is the help of preq', async () => {
    const { preq } = sandbox(onTestFinished)
    const { stdout } = await preq(['--help'])
    for (const args of [
      ['http://x.org/', '-h'],
      ['help', 'nothing'],
      ['-q', '--help'],
    ]) {
      expect((await preq(args)).stdout).toBe(stdout)
    }
  })
})

describe('Examples', () => {
  test.each(EXAMPLES)('of the help are valid command lines: $line', ({ line }) => {
    const [, ...argv] = shellWords(line.split(' | ').at(-1) ?? '').map(String)
    const args = readArgs(argv)
    expect(['run', 'plan']).toContain(args.mode)
    if ('flags' in args) expect(readSettings(givenSettings(args.flags, {})).problems).toEqual([])
  })

  test('are part of --help-all and of the manual page', async () => {
    const { stdout } = await sandbox(onTestFinished).preq(['--help-all'])
    const page = readFileSync(new URL('../../man/preq.1', import.meta.url), 'utf8').replaceAll(/\\e/g, '\\')
    for (const { line } of EXAMPLES) {
      expect(stdout).toContain(`    ${line}\n`)
      expect(page.replaceAll(String.raw`\-`, '-')).toContain(`\n${line}\n`)
    }
  })
})
