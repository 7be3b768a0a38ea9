/** Workers that die of what a server says. */
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { countingServer, linesOf, startProcess } from './batch-kit.ts'
import type { CountingServer, Folder, Process } from './batch-kit.ts'
import type { QuickWorker } from './quick-worker.ts'
import { collect } from '../../src/distributed/index.ts'

const WORKER = fileURLToPath(new URL('quick-worker.ts', import.meta.url))
const POISON = new URL('poison.ts', import.meta.url).href
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

/** A worker whose process ends when it reads a poisonous response. */
export function start(given: QuickWorker): Process {
  const text = JSON.stringify({ ...given, untilEmpty: true })
  return startProcess([WORKER, text], { NODE_OPTIONS: `--import ${POISON}` })
}

/** @param poison how the process ends, by path */
export const poisonousServer = (poison: Readonly<Record<string, string>>): Promise<CountingServer> =>
  countingServer(5, (request, response) => {
    const how = poison[request.url ?? '']
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(how === undefined ? { path: request.url } : { poison: how }))
  })

/** Starts workers until the batch is done. Returns how many of them have died. */
export async function finish(given: QuickWorker, most: number): Promise<number> {
  for (let deaths = 0; deaths <= most; deaths++) {
    if ((await start(given).exit) === 0) return deaths
  }
  throw new Error(`more than ${most} workers have died`)
}

/** Every request has one line; those that failed, with their codes. */
export async function failures(files: Folder, rows: number): Promise<(readonly [number, string | undefined])[]> {
  const output = files.at('out.jsonl')
  await collect({ results: files.at('results'), output, overwrite: true })
  const lines = linesOf(output)
  expect(lines.map(({ index }) => index)).toEqual(upTo(rows))
  return lines.filter(({ ok }) => !ok).map(({ index, error }) => [index, error?.code] as const)
}
