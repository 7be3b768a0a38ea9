/** `preq demo --serve`: the demo's API alone, for requests of the reader's own. Runs until Ctrl-C. */
import { once } from 'node:events'
import { catalogue } from '../demo/catalogue.ts'
import { moods } from '../demo/moods.ts'
import { ROUTES, startApi } from '../demo/server.ts'
import type { Api } from '../demo/server.ts'
import { UsageError } from '../usage-error.ts'
import { paintFor } from '../../display/paint.ts'

/** The port that the documentation uses. */
const DEFAULT_PORT = '7300'

/** Resolves with the exit code. */
export async function demoServe(portText = DEFAULT_PORT): Promise<number> {
  const port = Number(portText)
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new UsageError(`--port: expected a port from 1 to 65535, or 0 for any that is free, got '${portText}'.`)
  }
  const repositories = catalogue()
  const api = await startApi({ repositories, moods: moods(repositories.length), port }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new UsageError(`port ${port} is in use. Choose another one with --port N, or --port 0 for any that is free.`)
  })
  process.stdout.write(introduction(api))
  const ended = [once(process, 'SIGINT'), once(process, 'SIGTERM')]
  await Promise.race(ended)
  await api.close()
  return 0
}

function introduction({ baseUrl }: Api): string {
  const paint = paintFor(process.stdout)
  const width = Math.max(...ROUTES.map(([route]) => route.length))
  return [
    '',
    `  ${paint('bold', "The demo's API")} listens at ${baseUrl}`,
    '',
    ...ROUTES.map(([route, meaning]) => `    ${route.padEnd(width)}   ${meaning}`),
    '',
    '  Some answers are slow, some fail, and after 150 records it asks callers to wait for a second.',
    '  Try it in another terminal; Ctrl-C ends it here.',
    '',
    `    ${paint('cyan', `npx parallel-requests '${baseUrl}repos?page=1' --paginate link --items '@'`)}`,
    '',
    '',
  ].join('\n')
}
