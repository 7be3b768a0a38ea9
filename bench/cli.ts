/**
 * What the command line costs, each figure with its bound: CPU compared with `curl -Z` over the same list, memory, a
 * million rows, startup. Both sides of a ratio are measured in the same round, so that a busy machine slows both.
 */
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CURL, PREQ } from './peers/programs.ts'
import { median, serve } from './support/measure.ts'
import { usageOf } from '../test/support/usage.ts'

const URLS = Number(process.env['URLS'] ?? 30_000)
const ROWS = Number(process.env['ROWS'] ?? 1_000_000)
const ROUNDS = 5
const STARTS = 25
const MAX_CPU_RATIO = 2
const MAX_RSS_MB = 150
const MAX_VERSION_RATIO = 1.5
const MAX_FIRST_REQUEST_MS = 150

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'preq-bench-'))
const server = await serve(new URL('support/server.ts', import.meta.url))
let held = true

function judge(what: string, figure: number, bound: number, unit: string): void {
  const isHeld = figure <= bound
  held &&= isHeld
  console.log(
    `${what.padEnd(44)} ${figure.toFixed(2).padStart(8)} ${unit}, bound ${bound}: ${isHeld ? 'held' : 'exceeded'}`,
  )
}

const preq = (args: string): string => `'${process.execPath}' '${MAIN}' ${args}`

function againstCurl(): void {
  const urls = Array.from({ length: URLS }, (_, index) => `${server.url}/items/${index}`)
  const task = { urls, warmUp: 0, folder }
  const lacks = CURL.missing()
  if (lacks !== undefined) console.log(`SKIPPED: ${lacks} is missing, so that the ratios to it are not measured`)
  const ratios: Record<string, number[]> = {}
  const rss: Record<string, number> = {}
  for (let round = 0; round < ROUNDS; round++) {
    const curlUs = lacks === undefined ? CURL.run(task).cpuUs : NaN
    for (const { name, run } of PREQ) {
      const { cpuUs, rssMb } = run(task)
      ;(ratios[name] ??= []).push(cpuUs / curlUs)
      rss[name] = Math.max(rss[name] ?? 0, rssMb)
    }
  }
  for (const { name } of PREQ) {
    if (lacks === undefined) judge(`${name}: CPU`, median(ratios[name] ?? []), MAX_CPU_RATIO, '× curl -Z')
    judge(`${name}: memory`, rss[name] ?? NaN, MAX_RSS_MB, 'MB')
  }
}

async function manyRows(): Promise<void> {
  const file = createWriteStream(join(folder, 'rows.csv'))
  file.write('id,name\n')
  for (let row = 0; row < ROWS; row++) if (!file.write(`${row},"Name, ${row}"\n`)) await once(file, 'drain')
  file.end()
  await once(file, 'close')
  const { rssMb } = usageOf(preq(`'${server.url}/{id}' -i rows.csv --select stars -c 50 -q -o rows-out.csv`), folder)
  const bytes = statSync(join(folder, 'rows-out.csv')).size
  judge(`${ROWS} rows, CSV to CSV (${Math.round(bytes / 1e6)} MB): memory`, rssMb, MAX_RSS_MB, 'MB')
}

function starts(): void {
  const timeMs = (args: readonly string[]): number => {
    const fromMs = performance.now()
    spawnSync(process.execPath, args, { stdio: 'ignore' })
    return performance.now() - fromMs
  }
  const ratios: number[] = []
  for (let pair = 0; pair <= STARTS; pair++) {
    const bareMs = timeMs(['-e', '0'])
    const ratio = timeMs([MAIN, '--version']) / bareMs
    // The first pair only warms the file system cache.
    if (pair > 0) ratios.push(ratio)
  }
  judge('preq --version', median(ratios), MAX_VERSION_RATIO, '× node -e 0')
}

async function firstRequest(): Promise<void> {
  const { fork, spawn } = await import('node:child_process')
  const { monotonicMs } = await import('./support/monotonic.ts')
  const stamps = fork(fileURLToPath(new URL('support/stamp-server.ts', import.meta.url)))
  const [url] = (await once(stamps, 'message')) as [string]
  const tookMs: number[] = []
  for (let start = 0; start < STARTS; start++) {
    const fromMs = monotonicMs()
    await once(spawn(process.execPath, [MAIN, url, '-q'], { stdio: 'ignore' }), 'close')
    stamps.send('stamps')
    const [[atMs = NaN]] = (await once(stamps, 'message')) as [number[]]
    tookMs.push(atMs - fromMs)
  }
  stamps.disconnect()
  judge('first request on the wire', median(tookMs), MAX_FIRST_REQUEST_MS, 'ms')
}

try {
  starts()
  await firstRequest()
  againstCurl()
  await manyRows()
} finally {
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = held ? 0 : 1
