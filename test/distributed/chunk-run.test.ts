/** A chunk whose process was stopped for a while, and what has happened to its folder meanwhile. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder } from './batch-kit.ts'
import type { CountingServer } from './batch-kit.ts'
import { ChunkRun } from '../../src/distributed/batch/chunk-run.ts'
import type { ChunkRunParts } from '../../src/distributed/batch/chunk-run.ts'
import { Lineup } from '../../src/distributed/batch/lineup.ts'
import { LiveCounts } from '../../src/distributed/batch/live-counts.ts'
import { fileOf } from '../../src/distributed/batch/manifest.ts'
import type { Manifest } from '../../src/distributed/batch/manifest.ts'
import { checkOptions } from '../../src/distributed/batch/options.ts'
import { partFolder, partName, sealedPath } from '../../src/distributed/batch/parts.ts'
import { OpenClient } from '../../src/client/open-client.ts'
import type { DoneLine } from '../../src/core/journal.ts'
import { writeLine } from '../../src/store/run-lines.ts'

const ROWS = 4

const describeIn = (results: string, id: string): void =>
  writeFileSync(fileOf(results, 'manifest'), JSON.stringify({ v: 1, batch: 'b1', id, results }))

/** The first chunk of a batch with the id `first`. */
function chunkRun(
  results: string,
  server: CountingServer,
  more: Partial<ChunkRunParts> = {},
): { readonly run: ChunkRun; readonly client: OpenClient } {
  const planned = checkOptions({ concurrency: ROWS })
  const client = new OpenClient(planned.client, false)
  const text = server.urls(ROWS).join('\n')
  const run = new ChunkRun({
    client,
    call: planned.call,
    manifest: {
      v: 1,
      id: 'first',
      batch: 'b1',
      salt: 'salt',
      results,
      rows: { kind: 'file', path: 'urls.txt', format: 'lines', bytes: text.length, modifiedMs: 0 },
    } as Manifest,
    results,
    chunk: { number: 0, from: 0, rows: ROWS, offset: 0, length: text.length, line: 1, digest: '' },
    text,
    starts: 1,
    counts: new LiveCounts(),
    ...more,
  })
  return { run, client }
}

it('a chunk that another process has sealed while it waited for its turn is not sent again', async () => {
  await using server = await countingServer()
  using files = folder()
  describeIn(files.path, 'first')
  const sealed = sealedPath(files.path, 0)
  const lineup = new Lineup(10_000)
  const first = await lineup.turn()
  const { run, client } = chunkRun(files.path, server, { lineup })
  const running = run.run()
  await expect.poll(() => existsSync(partFolder(files.path, 0))).toBe(true)
  const line: DoneLine = {
    v: 2,
    index: 0,
    id: '#0',
    print: 'p',
    method: 'GET',
    url: server.base,
    ok: true,
    status: 200,
    value: 1,
    attempts: 1,
    bytes: 1,
    timings: {},
    at: new Date(0).toISOString(),
  }
  writeFileSync(sealed, writeLine(line).repeat(ROWS))
  first()
  expect(await running).toMatchObject({ ok: ROWS, failed: 0 })
  expect(server.hits.size).toBe(0)
  await client.close()
})

describe('a chunk whose folder belongs to another batch', () => {
  it('is not begun: nothing is sent, and no part is left in the folder', async () => {
    await using server = await countingServer()
    using files = folder()
    describeIn(files.path, 'second')
    const { run, client } = chunkRun(files.path, server)
    await expect(run.run()).rejects.toThrow('is the folder of another batch now, so nothing of b1 is written to it')
    expect(server.hits.size).toBe(0)
    expect(readdirSync(partFolder(files.path, 0))).toEqual([])
    await client.close()
  })

  it('is not sealed if that has happened since it was begun', async () => {
    using files = folder()
    describeIn(files.path, 'first')
    await using server = await countingServer(0, (_request, response) => {
      describeIn(files.path, 'second')
      response.end('{}')
    })
    const { run, client } = chunkRun(files.path, server)
    await expect(run.run()).rejects.toThrow('is the folder of another batch now')
    expect(server.hits.size).toBe(ROWS)
    expect(readdirSync(partFolder(files.path, 0))).toEqual([partName(0, 1)])
    await client.close()
  })
})

it('a chunk whose lock is lost sends no further request, and keeps the results that it has', async () => {
  await using server = await countingServer()
  using files = folder()
  describeIn(files.path, 'first')
  let asked = 0
  const { run, client } = chunkRun(files.path, server, { isHeld: () => ++asked <= 2 })
  expect(await run.run()).toBeUndefined()
  expect(server.hits.size).toBe(2)
  await client.close()
  const again = chunkRun(files.path, server, { starts: 2 })
  expect(await again.run.run()).toMatchObject({ ok: ROWS, failed: 0 })
  expect(server.extra()).toBe(0)
  await again.client.close()
})
