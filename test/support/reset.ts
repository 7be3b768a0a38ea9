/** Resets connections of test servers and proxies. */
import type { Socket } from 'node:net'

/** A connection that is ending is destroyed: Node 24 does not reset it (EINVAL). */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
