/** An open connection keeps nothing of the requests that it has carried. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { TRUST, clientOf } from '../../support/ask.ts'
import { httpProxy } from '../../support/proxy-server.ts'
import { answering, rawServer } from '../../support/raw-server.ts'
import type { ParallelRequests } from '../../../src/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** In a function of its own, so that no variable of the test holds the body. */
async function upload(client: ParallelRequests, url: string): Promise<WeakRef<Uint8Array>> {
  const body = new Uint8Array(1_000)
  await client.request({ url, method: 'POST', body })
  return new WeakRef(body)
}

it.each(['plain', 'tls', 'connect', 'forward'] as const)(
  'the body of the first request is released while its connection stays open (%s)',
  async way => {
    const isSecure = way === 'tls' || way === 'connect'
    await using server = await rawServer(
      answering(connection => connection.reply()),
      isSecure ? { cert: 'server' } : {},
    )
    const proxy = way === 'connect' || way === 'forward' ? await httpProxy() : undefined
    const client = clientOf({ ...TRUST, ...(proxy !== undefined && { proxy: proxy.url }) })
    const body = await upload(client, server.origin)
    for (let turn = 0; turn < 20 && body.deref() !== undefined; turn++) {
      await new Promise(resolve => setTimeout(resolve, 5))
      collect()
    }
    expect(body.deref()).toBe(undefined)
    expect(server.connections[0]?.isOpen).toBe(true)
    await client.close()
    await proxy?.close()
  },
)
