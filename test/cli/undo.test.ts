/** A flag can undo a switch that a configuration file or the environment turned on. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'
import { readArgs } from '../../src/cli/args.ts'
import { FLAG_NAMES, flagOf } from '../../src/cli/flags.ts'
import { givenSettings, readSettings } from '../../src/cli/settings.ts'

const SWITCHES = FLAG_NAMES.filter(name => flagOf(name).takes === undefined)
const undo = (name: string): string => (name.startsWith('no-') ? `--${name.slice(3)}` : `--no-${name}`)

describe('A switch', () => {
  test.each(SWITCHES)('can be undone for a run and a plan: %s', name => {
    for (const command of [[], ['plan']]) {
      const args = readArgs([...command, undo(name), 'http://127.0.0.1/'])
      const given = 'flags' in args ? args.flags : []
      const env = { [`PREQ_${name.replaceAll('-', '_').toUpperCase()}`]: '1' }
      expect(readSettings(givenSettings([], env)).values).toMatchObject({ [name]: true })
      expect(readSettings(givenSettings(given, env))).toMatchObject({ values: { [name]: false }, problems: [] })
    }
  })

  test('of preq.json that is undone has no effect', async () => {
    const { run, server, write } = await workplace(({ url }, response) => {
      response.writeHead(url === '/from' ? 302 : 200, url === '/from' ? { location: '/to' } : {}).end('{}')
    })
    write('preq.json', '{"quiet": true, "no-follow": true, "fail-fast": true}')
    expect((await run(['URL/from'])).code).toBe(1)
    const { code, stderr } = await run(['URL/from', '--no-quiet', '--follow'])
    expect([code, server.requests.at(-1)?.url]).toEqual([0, '/to'])
    expect(stderr).toMatch(/^1 ok, 0 failed in/m)
  })

  test('is refused if it is given together with its opposite, and so is a misspelt one', async () => {
    const { run } = await workplace()
    expect((await run(['URL/a', '-q', '--no-quiet'])).stderr).toContain('--quiet: expected it once')
    expect((await run(['URL/a', '--no-quite'])).stderr).toContain("Did you mean '--no-quiet'?")
    expect((await run(['URL/a', '--no-rate'])).code).toBe(2)
  })
})
