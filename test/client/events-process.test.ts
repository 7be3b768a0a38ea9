/** What a listener that throws does to its process: as with any channel of Node, its error is an uncaught exception. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { troubleServer } from '../support/trouble-server.ts'

const INDEX = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)

test('a listener of a channel that throws ends no request: its error is an uncaught exception', async () => {
  const { url } = await troubleServer()
  const script = `import { parallelRequests } from ${INDEX}
    import diagnostics from 'node:diagnostics_channel'
    const caught = []
    process.on('uncaughtException', error => caught.push(error.message))
    for (const kind of ['batch', 'request', 'attempt']) {
      for (const name of ['start', 'end']) {
        diagnostics.channel('tracing:parallel-requests:' + kind + ':' + name).subscribe(() => {
          throw new Error(name + ' ' + kind)
        })
      }
    }
    const [outcome] = await parallelRequests([${JSON.stringify(url)} + '/ok'], { onFailure: 'settle' })
    setImmediate(() => console.log(outcome.ok, outcome.attempts, caught.join(', ')))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', chunk => (out += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(out.trim()).toBe('true 1 start batch, start request, start attempt, end attempt, end request, end batch')
})
