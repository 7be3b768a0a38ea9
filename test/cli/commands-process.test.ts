/** `preq plan` without an input, and what a shell makes of the output of `preq plan` and `preq completion`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { MAIN, sandbox } from './sandbox.ts'

describe('preq plan', () => {
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

describe('preq completion', () => {
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
      ['preq report a', 'auth.txt away'],
      ['preq report auth.txt -o a', 'auth.txt away'],
      ['preq report --h', '--har --help'],
      ['preq report --format m', 'markdown'],
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
})
