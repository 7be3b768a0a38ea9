/** The built package where the globals are those of a browser, as in jest-environment-jsdom. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { h2Server, replying } from '../support/h2-server.ts'
import { answering, rawServer } from '../support/raw-server.ts'

const dist = (path: string): string => JSON.stringify(resolve('dist', path))

/** Timers are numbers there, and `setImmediate` is missing. Written before the package is imported. */
const PROGRAM = `
const { setTimeout: later, setInterval: often } = globalThis
globalThis.setTimeout = (...given) => Number(later(...given))
globalThis.setInterval = (...given) => Number(often(...given))
delete globalThis.setImmediate
delete globalThis.clearImmediate
const [plain, secure, folder] = process.argv.slice(2)
const { ParallelRequests } = await import(${dist('index.js')})
const { csv } = await import(${dist('sinks/index.js')})
const client = new ParallelRequests({ http2: true, verifySsl: false })
const values = await client.request([plain, plain, secure], { returnType: 'text' })
const totals = await client.drain([plain], { returnType: 'text', sink: csv(folder + '/a.csv') })
await client.close()
console.log(JSON.stringify([values, totals.ok]))
`

it('requests, sinks and idle connections use the timers of Node, and not those of the environment', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'browser-globals-'))
  await using plain = await rawServer(answering(connection => connection.reply('ok')))
  await using secure = await h2Server({ answers: [replying('ok')] })
  try {
    const program = join(folder, 'program.mjs')
    writeFileSync(program, PROGRAM)
    const { stdout } = await promisify(execFile)('node', [program, plain.origin, secure.origin, folder])
    expect(JSON.parse(stdout)).toEqual([['ok', 'ok', 'ok'], 1])
    expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toContain('ok')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
