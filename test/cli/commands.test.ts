/** `preq plan`, `doctor` and `completion` of the built binary. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { sandbox } from './sandbox.ts'
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
    expect(['plan', 'report', 'demo', 'doctor', 'completion'].filter(name => !stdout.includes(name))).toEqual([])
  })

  test('refuses other shells', async () => {
    const { code, stderr } = await sandbox(onTestFinished).preq(['completion', 'tcsh'])
    expect([code, stderr]).toEqual([2, "preq: completion: expected bash, zsh, fish, got 'tcsh'.\n"])
  })
})
