import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { MAIN, sandbox } from './sandbox.ts'
import { readArgs } from '../../src/cli/args.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

test.each(['--version', '-V'])('preq %s prints the version of package.json', async flag => {
  const { code, stdout, stderr } = await sandbox(onTestFinished).preq([flag])
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test.each([['--help'], ['-h'], ['help']])('preq %s lists every command on stdout', async argument => {
  const { code, stdout, stderr } = await sandbox(onTestFinished).preq([argument])
  expect(stdout).toMatch(/^Usage: preq /m)
  for (const command of ['plan', 'demo', 'doctor', 'completion']) {
    expect(stdout).toMatch(new RegExp(`^ {2}${command} +\\S`, 'm'))
  }
  expect(stdout).toMatch(/^ {2}-V, --version +\S/m)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test('preq demo --help describes the demo and does not run it', async () => {
  const { code, stdout } = await sandbox(onTestFinished).preq(['demo', '--help'])
  expect(stdout).toMatch(/^Usage: preq demo$/m)
  expect(code).toBe(0)
})

test.each([
  ['dmeo', "preq: unknown command 'dmeo'. Did you mean 'demo'? See preq --help.\n"],
  ['xyzzy', "preq: unknown command 'xyzzy'. See preq --help.\n"],
  ['--verison', "preq: unknown option '--verison'. Did you mean '--version'? See preq --help.\n"],
  ['demo --hepl', "preq: unknown option '--hepl'. Did you mean '--help'? See preq --help.\n"],
  ['demo twice', "preq: too many arguments for 'demo'. Expected 0 arguments but got 1: twice. See preq --help.\n"],
])('preq %s is refused on stderr, with a suggestion if a name is close', (line, text) => {
  expect(readArgs(line.split(' '))).toEqual({ mode: 'usage', text })
})

test('a usage error exits with 2, is reported on stderr and leaves stdout empty', async () => {
  const { code, stdout, stderr } = await sandbox(onTestFinished).preq(['dmeo'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain("Did you mean 'demo'?")
})

test('the oldest supported Node is the one in package.json', () => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    engines: { node: string }
  }
  expect(engines.node).toBe('>=22.19')
  expect(readFileSync(MAIN, 'utf8')).toContain('[22,19]')
})
