/** One contender with one shape, in a process of its own: `one.ts <contender> <shape> <ports> <requests>`. Prints a line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTENDERS } from './contenders.ts'
import { SHAPES } from './shapes.ts'

const WARM_UP = 3_000

const [, , contender = '', shapeName = '', givenPorts = '{}', count = '0'] = process.argv
const shape = SHAPES.find(({ name }) => name === shapeName)
const known = CONTENDERS.find(({ name }) => name === contender)
if (shape === undefined || known === undefined) throw new Error(`unknown: ${contender} / ${shapeName}`)
const ports = JSON.parse(givenPorts) as Record<'plain' | 'tls' | 'h2', number>
const { wire, hosts = 1, answer } = shape
const port = wire === 'tls' ? ports.tls : wire === 'h2' ? ports.h2 : ports.plain
const scheme = wire === 'tls' || wire === 'h2' ? 'https' : 'http'
const urlsOf = (length: number): string[] =>
  Array.from({ length }, (_, at) => {
    const host = at % hosts
    return `${scheme}://127.${host >> 8}.${host & 255}.1:${port}/${answer}/${at}`
  })

const folder = mkdtempSync(join(tmpdir(), 'peers-'))
process.chdir(folder)
const requests = Number(count)
const run = await known.prepare(shape)
const urls = urlsOf(requests)
await run(urlsOf(Math.min(WARM_UP, requests)))
const before = process.cpuUsage()
const startedAtMs = performance.now()
const values = await run(urls)
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - startedAtMs) / 1_000
if (values.length !== requests || values.some(value => value === undefined)) throw new Error('lost some')
rmSync(folder, { recursive: true })
const line = {
  cpuUs: (user + system) / requests,
  perSecond: requests / seconds,
  rssMb: process.memoryUsage.rss() / 1e6,
}
// Some contenders keep their connections, and with them the process.
process.stdout.write(JSON.stringify(line), () => process.exit())
