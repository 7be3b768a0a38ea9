import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { CALL } from '../../../src/cli/demo/call.ts'
import { catalogue } from '../../../src/cli/demo/catalogue.ts'
import { startApi } from '../../../src/cli/demo/server.ts'
import { NEXT } from '../../../src/cli/demo/summary.ts'
import { parallelRequests } from '../../../src/index.ts'

const source = readFileSync(new URL('../../../src/cli/demo/call.ts', import.meta.url), 'utf8')

test('the demo prints the call that it runs', () => {
  const body = /^export async function fetchAll[^\n]*\n(.*?)^\}/ms.exec(source)?.[1] ?? ''
  const imported = /^import \{ ParallelRequests \} from '.*'$/m.exec(source)?.[0] ?? ''
  const running = [imported.replace('../../index.ts', 'parallel-requests'), '', ...body.trimEnd().split('\n')]
  expect(CALL).toEqual(running.map(line => line.replace(/^ {2}/, '')))
})

test('the code that the demo prints fits a terminal of 80 columns', () => {
  for (const line of [...CALL, ...NEXT]) expect(line.length).toBeLessThanOrEqual(76)
})

test('the code that the demo suggests as a next step runs', async () => {
  const repositories = catalogue(3)
  const api = await startApi({ repositories, moods: repositories.map(() => ({ kind: 'prompt', delayMs: 0 })) })
  onTestFinished(() => api.close())
  const urls = repositories.map(({ owner, name }) => `${api.baseUrl}repos/${owner}/${name}`)

  expect(NEXT[0]).toBe("import { parallelRequests } from 'parallel-requests'")
  const script = `return (async () => { ${NEXT.slice(1).join('\n')}\nreturn values })()`
  // oxlint-disable-next-line no-implied-eval -- printed code is run as a reader would run it
  const run = new Function('parallelRequests', 'urls', script) as (...values: unknown[]) => Promise<unknown>
  expect(await run(parallelRequests, urls)).toEqual(repositories)
})
