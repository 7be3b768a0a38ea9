import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const COMPILERS = { '7': 'typescript', '5.9': 'typescript-5.9' }

describe.each(Object.entries(COMPILERS))('under TypeScript %s', (version, folder) => {
  const compile = (...args: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [`node_modules/${folder}/bin/tsc`, ...args], { encoding: 'utf8' })

  it('the compiler is that version', () => {
    expect(compile('--version').stdout).toContain(`Version ${version}.`)
  })

  it('every result has exactly the type of its call, and options that do not go together do not compile', () => {
    const { status, stdout } = compile('-p', 'test/types')
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })
})
