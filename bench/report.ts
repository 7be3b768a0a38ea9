/**
 * What an HTML report of many requests costs: the speed of reading, memory, the size of the page, and the time until a
 * browser has drawn it (if `chromium` is installed). Compares a run with one of a tenth of its size, because memory must
 * not grow with the file but for the ids.
 *
 * Argument: number of requests (default a million, 0.4 GB).
 */
import { spawnSync } from 'node:child_process'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeLine } from '../src/store/run-lines.ts'
import { isMissing } from '../test/components/component.ts'
import { launch, open } from '../test/report/browser.ts'

/** Of CPU time, which other programs change less than the time that has passed. */
const MIN_MB_PER_S = 50
const MAX_PAGE_BYTES = 2_000_000
const MAX_DRAW_MS = 2_000
/** An id that is a key is remembered in up to 36 bytes, and a table that grows is there twice for a moment. */
const MAX_EXTRA_BYTES_PER_REQUEST = 100

interface Cost {
  readonly bytes: number
  readonly pageBytes: number
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMb: number
}

const requests = Number(process.argv[2] ?? 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'bench-report-'))

/** A line as it is written in earnest: several hosts, failures with bodies and attempts, keys. */
function line(index: number): string {
  const random = (index * 2_654_435_761) % 1_000
  const host = ['api', 'cdn', 'www', 'img'][index % 4] as string
  const firstByte = 20 + (random ** 3 % 1_777)
  const fields = {
    v: 2,
    index,
    id: `k:user-${index}`,
    print: 'abcdefghijklmnop',
    key: `user-${index}`,
    method: 'GET',
    url: `https://${host}.example.com/people/${index}?page=1`,
    ok: random >= 20,
    status: random >= 20 ? 200 : random < 5 ? 503 : 404,
    attempts: random < 5 ? 2 : 1,
    bytes: 180,
    timings: { limiter: 3, firstByte, body: 1.5, total: firstByte + 4.5 },
    at: new Date(1_750_000_000_000 + index * 10).toISOString(),
  }
  const value = { id: index, name: `Person ${index}`, email: `person-${index}@example.com`, tags: ['a', 'b', 'c'] }
  const error = { code: `http/${fields.status}`, message: 'HTTP', body: '{"error":"no such person"}'.repeat(random) }
  return writeLine(
    (fields.ok ? { ...fields, value } : { ...fields, error }) as unknown as Parameters<typeof writeLine>[0],
  )
}

async function write(path: string, count: number): Promise<void> {
  const file = createWriteStream(path)
  for (let from = 0; from < count; from += 1_000) {
    const text = Array.from({ length: Math.min(1_000, count - from) }, (_, at) => line(from + at)).join('')
    // oxlint-disable-next-line no-await-in-loop -- the file is larger than the memory
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
}

async function cost(count: number): Promise<Cost> {
  const path = join(folder, `${count}.jsonl`)
  await write(path, count)
  const script = fileURLToPath(new URL('support/report-run.ts', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [script, path, `${path}.html`], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  rmSync(path)
  return JSON.parse(stdout) as Cost
}

async function drawMs(count: number): Promise<number | undefined> {
  if (isMissing('chromium')) return undefined
  const browser = await launch()
  const html = readFileSync(join(folder, `${count}.jsonl.html`), 'utf8')
  // The first page also starts the browser.
  await open(browser, html)
  const startMs = performance.now()
  await open(browser, html)
  const ms = performance.now() - startMs
  await browser.close()
  return ms
}

let isHeld = true
function judge(what: string, value: number | undefined, unit: string, bound: string, held: boolean): void {
  isHeld &&= held
  const shown = value === undefined ? 'not measured: no chromium' : `${value.toFixed(1)} ${unit}`
  console.log(`${what.padEnd(24)} ${shown.padStart(14)}   bound: ${bound}, ${held ? 'held' : 'NOT held'}`)
}

try {
  const small = await cost(requests / 10)
  const large = await cost(requests)
  const megabytes = large.bytes / 1e6
  console.log(`${requests} requests, ${megabytes.toFixed(0)} MB, ${(large.wallMs / 1_000).toFixed(1)} s`)
  const speed = megabytes / (large.cpuMs / 1_000)
  judge('speed of CPU time', speed, 'MB/s', `>= ${MIN_MB_PER_S} MB/s`, speed >= MIN_MB_PER_S)
  console.log(
    `${'speed of time passed'.padEnd(24)} ${(megabytes / (large.wallMs / 1_000)).toFixed(1).padStart(9)} MB/s`,
  )
  console.log(`${'memory at most'.padEnd(24)} ${large.peakMb.toFixed(1).padStart(11)} MB`)
  const extra = ((large.peakMb - small.peakMb) * 1_048_576) / (requests * 0.9)
  judge('memory per request', extra, 'bytes', `<= ${MAX_EXTRA_BYTES_PER_REQUEST}`, extra <= MAX_EXTRA_BYTES_PER_REQUEST)
  judge('page', large.pageBytes / 1e6, 'MB', `<= ${MAX_PAGE_BYTES / 1e6} MB`, large.pageBytes <= MAX_PAGE_BYTES)
  const drawn = await drawMs(requests)
  judge('drawn in', drawn, 'ms', `<= ${MAX_DRAW_MS} ms`, drawn === undefined || drawn <= MAX_DRAW_MS)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = isHeld ? 0 : 1
