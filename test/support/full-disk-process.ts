/**
 * A run whose run file may not grow beyond a limit of the shell. Arguments: the kind of call, and the path. Prints as
 * JSON how the run ended; an unhandled rejection ends the process.
 */
import type { RequestError } from '../../src/index.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const [, , how, path = ''] = process.argv
const transport = mockTransport(({ index }) => ({ json: 'x'.repeat(60 + (index % 7)), latencyMs: 1 + (index % 3) }))
const client = new ParallelRequests({ transport })
const urls = Array.from({ length: 200 }, (_, n) => `http://h0.test/${n}`)
const ok: number[] = []
try {
  if (how === 'request') await client.request(urls, { resume: path, onFailure: 'settle' })
  if (how === 'stream')
    for await (const outcome of client.stream(urls, { resume: path })) if (outcome.ok) ok.push(outcome.index)
  if (how === 'drain') {
    const sink = {
      write: (outcome: { ok: boolean; index: number }) => void (outcome.ok && ok.push(outcome.index)),
      close: () => undefined,
    }
    await client.drain(urls, { resume: path, sink })
  }
  console.log('{}')
} catch (error) {
  const { code, message, cause } = error as RequestError
  const system = (cause as { code?: string } | undefined)?.code
  console.log(JSON.stringify({ code, message, cause: system, arrived: transport.requests.length, ok }))
}
await client.close()
