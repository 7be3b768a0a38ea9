/** Makes an HTML report in a process of its own, and prints what it cost. Arguments: the run file, the page. */
import { statSync, writeFileSync } from 'node:fs'
import { report } from '../../src/report/index.ts'

const [path = '', page = ''] = process.argv.slice(2)
const startMs = performance.now()
const cpu = process.cpuUsage()
const html = await report(path)
const { user, system } = process.cpuUsage(cpu)
writeFileSync(page, html)
console.log(
  JSON.stringify({
    bytes: statSync(path).size,
    pageBytes: Buffer.byteLength(html),
    wallMs: performance.now() - startMs,
    cpuMs: (user + system) / 1_000,
    peakMb: process.resourceUsage().maxRSS / 1_024,
  }),
)
