/** preq sends a pasted command byte by byte as the installed curl does, or refuses it before anything is sent. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FILES, REFUSED, SENT } from './commands.ts'
import { sentByCurl, sentByUs } from './play.ts'
import { recorder } from './recorder.ts'
import type { Recorded, Recorder } from './recorder.ts'
import { CURL_OPTIONS } from '../../../src/cli/curl/options.ts'

const version = /^curl (\S+)/.exec(spawnSync('curl', ['--version']).stdout?.toString() ?? '')?.[1]

let server: Recorder
let folder: string

beforeAll(async () => {
  server = await recorder()
  folder = mkdtempSync(join(tmpdir(), 'preq-curl-'))
  for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const filled = (command: string): string =>
  command
    .replaceAll('HOST', server.host)
    .replaceAll('PORT', server.host.split(':')[1] as string)
    .replaceAll('DIR', folder)

describe.skipIf(version === undefined)(`preq --curl sends what curl ${version} sends:`, () => {
  let theirs: Recorded[][]
  beforeAll(async () => {
    theirs = await sentByCurl(SENT.map(filled), server)
  }, 300_000)

  it.each(SENT.map((command, index) => ({ command, index })))('$command', async ({ command, index }) => {
    const ours = await sentByUs(filled(command), server)
    expect(ours).toEqual(theirs[index])
    expect(ours).not.toEqual([])
  })

  it('the table of options has every option of this curl and says whether it takes a value', () => {
    const listed = spawnSync('curl', ['--help', 'all'])
      .stdout.toString()
      .matchAll(/^ (?:-(\S), | {4})--(\S+)( [<[])?/gm)
    const known = new Map(CURL_OPTIONS.map(option => [option.name, option]))
    const wrong = [...listed].filter(([, short, name = '', value]) => {
      const option = known.get(name)
      return option === undefined || option.short !== short || option.takes !== (value !== undefined)
    })
    expect(wrong.map(([line]) => line)).toEqual([])
  })
})

describe('preq --curl refuses a command that it cannot send as curl does, before anything is sent:', () => {
  it.each(REFUSED)('%s', async (command, why) => {
    const error = await sentByUs(filled(command), server).catch((reason: unknown) => reason)
    expect(String(error)).toMatch(/^UsageError: /)
    expect(String(error)).toMatch(why)
    expect(String(error)).not.toContain('hush')
    expect(server.take()).toEqual([])
  })
})
