/** A process that saves files: its memory, and a full disk. */
import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { covers } from '../support/hostile/record.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { figure } from '../support/figure.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('save-process.ts', import.meta.url))
const BYTES = randomBytes(1_000_000)
const OK = 'HTTP/1.1 200 OK\r\n'

let folder = ''
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'preq-save-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a process that saves files', () => {
  const LARGE = 256 * 2 ** 20
  const large = answering(async (connection, { path }) => {
    const bytes = path === '/large' ? LARGE : LARGE / 4
    if (path !== '/large' && path !== '/quarter') return connection.reply('abc')
    await connection.send(`${OK}Content-Length: ${bytes}\r\n\r\n`)
    const piece = BYTES.subarray(0, 2 ** 18)
    for (let sent = 0; sent < bytes; sent += piece.length) await connection.send(piece)
  })
  interface Told {
    readonly outcomes: readonly { ok: boolean; bytes?: number; code?: string; attempts: number }[]
    readonly grownBytes: number
    readonly files: readonly string[]
  }
  const told = async (command: string, args: readonly string[], env = process.env): Promise<Told> =>
    JSON.parse((await run(command, args, { env })).stdout) as Told

  figure('uses at most 32 MiB more for a body of 256 MiB than for one of 64 MiB', async () => {
    await using server = await rawServer(large)
    // Socket buffers are garbage until they are collected, as much for a quarter of the body as for all of it.
    const [warm, url] = [`${server.origin}/quarter`, `${server.origin}/large`]
    const { outcomes, grownBytes, files } = await told(process.execPath, [PROGRAM, folder, warm, url])
    expect(outcomes).toEqual([{ ok: true, bytes: LARGE, attempts: 1 }])
    expect(grownBytes).toBeLessThan(32 * 2 ** 20)
    expect(files).toEqual(['large', 'quarter'])
  })

  const mounts = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

  it.skipIf(!mounts)(
    'on a full disk reports it once, leaves nothing of the file, and continues with the others',
    async () => {
      await using server = await rawServer(large)
      const urls = ['/warm', '/large', '/small'].map(path => server.origin + path)
      const script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$PROGRAM_NODE" "$PROGRAM" "$@"'
      const env = { ...process.env, PROGRAM_NODE: process.execPath, PROGRAM }
      const { outcomes, files } = await told('unshare', ['-rm', 'sh', '-c', script, 'sh', folder, ...urls], env)
      expect(outcomes).toMatchObject([
        { ok: false, code: 'resource/disk', attempts: 1 },
        { ok: true, bytes: 3 },
      ])
      expect(files).toEqual(['small', 'warm'])
      covers(import.meta.url, {
        row: 116,
        name: "no space left for a file of returnType 'file'",
        outcome: '`resource/disk`; the file is removed, and other requests go on',
        retry: 'N',
        socket: '–',
      })
    },
  )
})
