/** The commands for run files in the guide. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

const GUIDE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const hasJq = spawnSync('jq', ['--version']).status === 0

describe('A run file', () => {
  test.skipIf(!hasJq)(
    'keeps earlier results of a retried request, and the jq command of the docs keeps the last of each',
    async () => {
      const asked = new Set<string>()
      const { run, shell, linesIn } = await workplace(({ url }, response) => {
        response.writeHead(asked.has(url) || !url.includes('fail') ? 200 : 404).end('{}')
        asked.add(url)
      })
      const args = ['URL/{1..3}', 'URL/fail', '-o', 'run.jsonl', '--resume', '-X', 'POST']
      await run(args)
      await run([...args, '--retry-failed'])
      expect(
        linesIn('run.jsonl')
          .filter(({ index }) => index === 3)
          .map(({ ok }) => ok),
      ).toEqual([false, true])
      const line = /^jq -sc .*$/m.exec(GUIDE)?.[0] ?? 'false'
      expect((await shell(line).finished).code).toBe(0)
      expect(linesIn('last.jsonl').map(({ index, ok }) => [index, ok])).toEqual([
        [0, true],
        [1, true],
        [2, true],
        [3, true],
      ])
    },
  )
})
