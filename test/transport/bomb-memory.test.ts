/** A few hundred bytes that decode to 256 MiB must not take that much memory, whatever is done with the body. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import {
  brotliCompressSync,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { describe, expect } from 'vitest'
import { answering, rawServer } from '../support/raw-server.ts'
import { figure } from '../support/figure.ts'

const PROGRAM = new URL('../support/bomb-process.ts', import.meta.url).pathname
const MAX_GROWTH_BYTES = 32 * 2 ** 20

const ENGINES = { gzip: createGzip, br: createBrotliCompress, zstd: createZstdCompress }
const SMALL = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync }
type Coding = keyof typeof ENGINES

async function bomb(coding: Coding): Promise<Buffer> {
  const engine = ENGINES[coding]()
  const packed: Buffer[] = []
  engine.on('data', (bytes: Buffer) => packed.push(bytes))
  const zeros = Buffer.alloc(2 ** 20)
  for (let mebibytes = 0; mebibytes < 256; mebibytes++) {
    await new Promise<void>(resolve => void engine.write(zeros, () => resolve()))
  }
  engine.end()
  await new Promise(resolve => engine.on('end', resolve))
  return Buffer.concat(packed)
}

const KINDS: readonly object[] = [
  { returnType: 'json' },
  { returnType: 'content' },
  { returnType: 'response' },
  { returnType: 'json', followRedirects: false },
]

const PATHS = [
  ['/200', '/302'],
  ['/404', '/500'],
]

describe.each(Object.keys(ENGINES) as Coding[])('a decompression bomb in %s', coding => {
  figure(
    'is too_large/decoded and costs next to no memory, with any return type and any status',
    { timeout: 60_000 },
    async () => {
      const body = await bomb(coding)
      await using server = await rawServer(
        answering((connection, { path }) => {
          const [, status = '200', warm] = path.split('/')
          if (status === 'warm') {
            return connection.reply(SMALL[warm as Coding]('small '.repeat(1_000)), {
              headers: `Content-Encoding: ${warm}\r\n`,
            })
          }
          const headers = `Content-Encoding: ${coding}\r\nLocation: /elsewhere\r\n`
          return connection.reply(body, { status: `${status} Status`, headers })
        }),
      )
      for (const [options, paths] of KINDS.flatMap(kind => PATHS.map(some => [kind, some] as const))) {
        const asked = paths.map(path => [path, options])
        const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, server.origin, JSON.stringify(asked)])
        const verdicts = JSON.parse(stdout) as [string, string, number][]
        expect(verdicts.map(([, verdict]) => verdict)).toEqual(asked.map(() => 'too_large/decoded'))
        expect(Math.max(...verdicts.map(([, , bytes]) => bytes))).toBeLessThan(MAX_GROWTH_BYTES)
      }
    },
  )
})
