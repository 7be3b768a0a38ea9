/**
 * What a batch must not load: Node's own fetch adds 10 ms and more to a start, and reading a name like `Headers` loads
 * it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'

const INDEX = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)

async function said(script: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', chunk => (out += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  return out.trim()
}

test("a batch does not load Node's fetch until the caller reads headers", async () => {
  const server = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const isLoaded = `process.moduleLoadList.includes('NativeModule internal/deps/undici/undici')`
  try {
    const script = `import { parallelRequests } from ${INDEX}
      const [outcome] = await parallelRequests([${JSON.stringify(url)}], { onFailure: 'settle' })
      const before = ${isLoaded}
      console.log(outcome.response.status, before, outcome.response.headers.get('content-length'), ${isLoaded})`
    expect(await said(script)).toBe('200 false 2 true')
  } finally {
    server.close()
  }
})
