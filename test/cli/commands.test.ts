/** `preq plan`, `doctor` and `completion` of the built binary. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { MAIN, sandbox } from './sandbox.ts'
import { FLAG_NAMES } from '../../src/cli/flags.ts'

describe('preq plan', () => {
  test('reports what a run would send, its least duration and invalid rows, and sends and writes nothing', async () => {
    await using server = await api()
    const { folder, preq } = sandbox(onTestFinished)
    const rows = ['id,host', ...Array.from({ length: 60 }, (_, n) => `${n % 50},127.0.0.${(n % 2) + 1}`), 'x']
    writeFileSync(join(folder, 'r.csv'), rows.join('\n'))
    const port = new URL(server.origin).port
    const args = [
      'plan',
      `http://{host}:${port}/{id}?token=s3cr3t`,
      '-i',
      'r.csv',
      '--rate',
      '10/s',
      '-o',
      'none/r.csv',
    ]
    const secrets = ['--bearer', 's3cr3t', '-H', 'x-api-key: s3cr3t']
    const { code, stdout, stderr } = await preq([...args, ...secrets, '--json', '{"it": "is {id}"}'])
    expect([code, stderr, server.seen]).toEqual([1, '', []])
    expect(stdout).toContain('60 requests (60 POST), 10 duplicates, 1 invalid')
    expect(stdout).toContain('at least 5.9s (20 at once, 10/s)')
    expect(stdout).toMatch(new RegExp(`^ {2}30 {2}http://127\\.0\\.0\\.1:${port}$`, 'm'))
    expect(stdout).toContain(`--data-raw '{"it":"is 0"}'`)
    expect(stdout).toContain('r.csv:62: expected 2 cells, got 1')
    expect(stdout).toContain('x-api-key: ')
    expect(stdout).not.toContain('s3cr3t')
  })

  test('refuses what a run would refuse', async () => {
    const { code, stderr } = await sandbox(onTestFinished).startPreq(['plan', 'http://127.0.0.1/{id}'], {
      stdin: 'nothing',
    }).finished
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('expected rows of -i FILE or of standard input, got {id}'),
    ])
  })

  test('prints requests as curl commands that a shell can run', async () => {
    await using server = await api()
    const { preq, start } = sandbox(onTestFinished)
    const { stdout } = await preq(['plan', `${server.origin}/it's?a=1&b=2`, '-H', 'x-a: b "c"', '-d', "it's"])
    const command = /^ {2}(curl .*)$/m.exec(stdout)?.[1] ?? ''
    const words = await start('bash', ['-c', `printf '%s\\n' ${command}`]).finished
    expect(words.stdout.trimEnd().split('\n')).toEqual([
      'curl',
      `${server.origin}/it's?a=1&b=2`,
      '-H',
      'content-type: text/plain;charset=UTF-8',
      '-H',
      'x-a: b "c"',
      '--data-raw',
      "it's",
    ])
  })
})

describe('preq doctor', () => {
  test('checks Node, open files, proxies and the clock, and prints no password', async () => {
    const env = { HTTPS_PROXY: 'http://me:hidden@127.0.0.1:1', NO_PROXY: '', http_proxy: '' }
    const { code, stdout } = await sandbox(onTestFinished).preq(['doctor'], { env })
    for (const what of ['Node', 'open files', 'HTTPS_PROXY', 'clock']) expect(stdout).toMatch(new RegExp(`  ${what} `))
    expect(stdout).not.toContain('hidden')
    expect(code).toBe(stdout.includes('!!') ? 1 : 0)
  })
})

describe('preq completion', () => {
  test.each(['bash', 'zsh', 'fish'])('covers every flag and every command for %s', async shell => {
    const { code, stdout } = await sandbox(onTestFinished).preq(['completion', shell])
    expect(code).toBe(0)
    const spelled = (name: string): string => (shell === 'fish' ? `-l ${name}` : `--${name}`)
    expect(FLAG_NAMES.filter(name => !stdout.includes(spelled(name)))).toEqual([])
    expect(['plan', 'demo', 'doctor', 'completion'].filter(name => !stdout.includes(name))).toEqual([])
  })

  test('completes flags, values of a flag and commands in bash', async () => {
    const script = `eval "$("$0" "$1" completion bash)"
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _preq; echo "\${COMPREPLY[*]}"; }
      try preq --concu; try preq --durability p; try preq do`
    const { stdout, stderr } = await sandbox(onTestFinished).start('bash', ['-c', script, process.execPath, MAIN])
      .finished
    expect([stdout, stderr]).toEqual(['--concurrency\nprocess power\ndoctor\n', ''])
  })

  test('completes shells, values after =, files after @ and folders of --save in bash', async () => {
    const { folder, start } = sandbox(onTestFinished)
    writeFileSync(join(folder, 'auth.txt'), '')
    mkdirSync(join(folder, 'away'))
    // Words split at = and @, as bash does by default, and unsplit, as with another COMP_WORDBREAKS.
    const tries: readonly (readonly [line: string, shown: string])[] = [
      ["preq completion ''", 'bash zsh fish'],
      ['preq completion f', 'fish'],
      ["preq completion bash ''", ''],
      ['preq --order =', 'completed input'],
      ['preq --order = i', 'input'],
      ['preq --order=i', '--order=input'],
      ["preq --as ''", 'auto json text bytes'],
      ['preq -H @', '@auth.txt @away'],
      ['preq -H @ au', '@auth.txt'],
      ['preq --json @au', '@auth.txt'],
      ['preq --bearer =@ au', '@auth.txt'],
      ['preq --bearer =@', '@auth.txt @away'],
      ['preq --bearer = @ au', '@auth.txt'],
      ['preq --bearer=@au', '--bearer=@auth.txt'],
      ['preq -H au', ''],
      ['preq -i a', 'auth.txt away'],
      ['preq --save a', 'away'],
      ['preq --save = a', 'away'],
    ]
    const script = `eval "$("$0" "$1" completion bash)"
      try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _preq; echo $(printf '%s\\n' "\${COMPREPLY[@]}"); }
      ${tries.map(([line]) => `try ${line}`).join('; ')}`
    const { stdout, stderr } = await start('bash', ['-c', script, process.execPath, MAIN]).finished
    const shown = stdout.trimEnd().split('\n')
    const sorted = (text = ''): string => text.split(' ').toSorted().join(' ')
    expect(tries.map(([line], at) => [line, sorted(shown[at])])).toEqual(
      tries.map(([line, expected]) => [line, sorted(expected)]),
    )
    expect(stderr).toBe('')
  })

  test('refuses other shells', async () => {
    const { code, stderr } = await sandbox(onTestFinished).preq(['completion', 'tcsh'])
    expect([code, stderr]).toEqual([2, "preq: completion: expected bash, zsh, fish, got 'tcsh'.\n"])
  })
})
