/** A target and two proxies on a thread of their own; the target says which way a request has come. */
import { createServer, request as httpRequest } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const target = await serve((request, response) => response.end(JSON.stringify(request.headers['x-via'] ?? 'direct')))

const proxy = (name: string): Promise<string> =>
  serve((request, response) => {
    const onward = httpRequest(request.url ?? '', { headers: { 'x-via': name } }, answer => answer.pipe(response))
    request.pipe(onward)
  })

parentPort?.postMessage({ target, first: await proxy('first'), second: await proxy('second') }, [])
