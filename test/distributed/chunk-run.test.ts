/** A chunk in a folder that was given to another batch, while the process that has the chunk was stopped. */
import { readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder } from './batch-kit.ts'
import type { CountingServer } from './batch-kit.ts'
import { ChunkRun } from '../../src/distributed/batch/chunk-run.ts'
import { LiveCounts } from '../../src/distributed/batch/live-counts.ts'
import { fileOf } from '../../src/distributed/batch/manifest.ts'
import type { Manifest } from '../../src/distributed/batch/manifest.ts'
import { checkOptions } from '../../src/distributed/batch/options.ts'
import { partFolder, partName } from '../../src/distributed/batch/parts.ts'
import { OpenClient } from '../../src/client/open-client.ts'

const ROWS = 4

const describeIn = (results: string, id: string): void =>
  writeFileSync(fileOf(results, 'manifest'), JSON.stringify({ v: 1, batch: 'b1', id, results }))

/** The first chunk of a batch with the id `first`. */
function chunkRun(results: string, server: CountingServer): { readonly run: ChunkRun; readonly client: OpenClient } {
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
  })
  return { run, client }
}

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
