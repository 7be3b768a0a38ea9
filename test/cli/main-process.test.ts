/** The start of `preq`: without arguments, the modules it loads, and on a Node that is too old. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { MAIN, sandbox } from './sandbox.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

test('preq without arguments is a usage error and shows the help', async () => {
  const { code, stdout, stderr } = await sandbox(onTestFinished).startPreq([], { stdin: 'nothing' }).finished
  expect(stderr).toMatch(/^Usage: preq /m)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test.each([
  ['--version', ['cli/main.js', 'version.js']],
  [
    '--help',
    [
      'args.js',
      'cli/main.js',
      'config.js',
      'core.js',
      'flag-text.js',
      'flag-words.js',
      'flag-words2.js',
      'flags.js',
      'names.js',
      'standard-input.js',
      'version.js',
      'words.js',
    ],
  ],
])('preq %s loads only the modules that it needs', async (flag, expected) => {
  const hook = `
    import { registerHooks } from 'node:module'
    registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) process.stderr.write('loaded ' + url + '\\n')
        return next(url, context)
      },
    })`
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` }
  const { stderr } = await sandbox(onTestFinished).preq([flag], { env })
  const loaded = [...stderr.matchAll(/^loaded \S+\/(?:dist\/(\S+)|node_modules\/(\S+))$/gm)]
  expect(loaded.flatMap(([, own]) => own ?? []).toSorted()).toEqual(expected)
  const packages = new Set(loaded.flatMap(([, , path]) => path?.split('/')[0] ?? []))
  expect([...packages]).toEqual(flag === '--help' ? ['commander'] : [])
})

/** The Node of the machine, if it is too old. */
const OLD = ['/usr/bin/node', '/usr/local/bin/node'].find(path => {
  if (!existsSync(path)) return false
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  const [major = 0, minor = 0] = stdout.split('.').map(Number)
  return major >= 18 && (major < 22 || (major === 22 && minor < 19))
})

test.skipIf(OLD === undefined)(
  'preq on an old Node says which version it needs, and still prints its own version',
  async () => {
    const { start } = sandbox(onTestFinished)
    for (const args of [['--help'], ['http://127.0.0.1:1/'], ['doctor']]) {
      const { code, stdout, stderr } = await start(OLD ?? '', [MAIN, ...args]).finished
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/^preq: expected Node 22\.19 or later, got v\d+\.\d+\.\d+\. Install a later one\.\n$/)
    }
    expect(await start(OLD ?? '', [MAIN, '--version']).finished).toMatchObject({ code: 0, stdout: `${version}\n` })
  },
)
