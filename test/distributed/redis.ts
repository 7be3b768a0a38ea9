/** Real Redis servers for tests: each with its own port and folder, without a file on disk, ended by its pid. */
import { isMissing, start } from '../components/component.ts'
import type { Component } from '../components/component.ts'

/** For `describe.skipIf`: without Debian's redis-server, the tests are skipped, and counted. */
export const NO_REDIS = isMissing('redis-server')

export interface RedisServer extends Component {
  readonly url: string
}

/** @param config further arguments, such as `--requirepass`, and the port of an earlier server */
export async function redisServer(config: readonly string[] = [], port?: number): Promise<RedisServer> {
  const component = await start({
    program: 'redis-server',
    args: (folder, at) => ['--port', String(at), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...config],
    ...(port !== undefined && { port }),
  })
  return Object.assign(component, { url: `redis://127.0.0.1:${component.port}` })
}
