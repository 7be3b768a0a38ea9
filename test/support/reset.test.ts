import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, it } from 'vitest'
import { reset } from './reset.ts'

it.each([
  ['open', false],
  ['ending', true],
])('a connection that is %s is closed by a reset, without an error', async (_, isEnding) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const errors: unknown[] = []
  socket.on('error', error => errors.push(error))
  if (isEnding) socket.end()
  const closed = once(socket, 'close')
  reset(socket)
  await closed
  expect(errors).toEqual([])
  client.destroy()
  server.close()
  await once(server, 'close')
})
