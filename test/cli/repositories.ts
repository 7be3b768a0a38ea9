/** `preq` in a temporary folder, with a list of repositories and the API that they are requested from. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { onTestFinished } from 'vitest'
import { api } from './api.ts'
import { sandbox } from './sandbox.ts'

export async function open() {
  const server = await api()
  onTestFinished(() => server[Symbol.asyncDispose]())
  const { folder, preq, startPreq, start } = sandbox(onTestFinished)
  const file = (name: string): string => join(folder, name)
  const filled = (text: string): string => text.replaceAll('URL', server.origin)
  writeFileSync(file('repos.csv'), 'owner,name\nann,alpha\nbob,be\n')
  return {
    server,
    start,
    file,
    text: (name: string) => readFileSync(file(name), 'utf8'),
    rows: (name: string, delimiter = ',') =>
      parse(readFileSync(file(name)), { columns: true, delimiter }) as Record<string, string>[],
    lines: (name: string) =>
      readFileSync(file(name), 'utf8')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>)
        .filter(line => !('salt' in line || 'run' in line || 'pause' in line)),
    preq: (args: readonly string[], env?: NodeJS.ProcessEnv) => preq(args.map(filled), { env }),
    startPreq: (args: readonly string[]) => startPreq(args.map(filled)),
  }
}
