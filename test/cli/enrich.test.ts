/** Runs the commands of docs/enrich.md as printed there, and kills the run twice. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parse } from 'csv-parse/sync'
import { expect, onTestFinished, test } from 'vitest'
import { peopleApi, scoreOf } from './people-api.ts'
import { MAIN, sandbox } from './sandbox.ts'
import { randomFrom, seed } from '../support/property.ts'
import { expectFigure } from '../support/figure.ts'

const PEOPLE = 2_000
const RATE = 400
const CRASHES = 2
/** Requests that are sent evenly arrive in bursts if server and client share a machine; stalls of the server add to that. */
const JITTER = 1.15

const page = readFileSync(new URL('../../docs/enrich.md', import.meta.url), 'utf8')
const commands = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, text = '']) => text)

test('the run of docs/enrich.md, killed twice and resumed, writes every row exactly once despite limits and failures of the API', async () => {
  console.log(`seed ${seed}`)
  const random = randomFrom(seed)
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  onTestFinished(() => void lag.disable())
  await using api = await peopleApi(random)
  const { folder, start } = sandbox(onTestFinished)
  const file = (name: string): string => join(folder, name)
  const rows = Array.from({ length: PEOPLE }, (_, at) => `${at + 1},"Name, ${at + 1}"`)
  writeFileSync(file('people.csv'), `id,name\n${rows.join('\n')}\n`)
  // `exec`, so that the test kills preq and not a shell.
  const shell = (command: string) =>
    start('bash', [
      '-c',
      command
        .replace(/^preq/, `exec '${process.execPath}' '${MAIN}'`)
        .replaceAll('https://api.example.com', api.origin),
    ])
  const done = (): number[] =>
    readFileSync(file('run.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as { key: string; ok: boolean })
      .flatMap(({ key, ok }) => (ok ? Number(key) : []))

  const [plan = '', run = '', again = ''] = commands
  const planned = await shell(plan).finished
  expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining(`${PEOPLE} requests (${PEOPLE} GET)`)])
  expect(api.arrivals).toEqual([])

  const finishedBefore = new Set<number>()
  const repeated: number[] = []
  let judged = 0
  const judge = (): void => {
    const arrivals = api.arrivals.slice(judged)
    judged = api.arrivals.length
    for (const { id } of arrivals) if (finishedBefore.has(id)) repeated.push(id)
    for (const id of done()) finishedBefore.add(id)
    expectFigure(busiestSecond(arrivals.map(({ atMs }) => atMs))).toBeLessThanOrEqual(RATE * (JITTER + lag.max / 1e9))
  }
  for (let crash = 1; crash <= CRASHES; crash++) {
    const running = shell(run)
    const until = Math.floor((PEOPLE * (crash - 0.5 + random() * 0.5)) / (CRASHES + 1))
    await expect
      .poll(() => existsSync(file('run.jsonl')) && done().length >= until, { timeout: 60_000, interval: 20 })
      .toBe(true)
    running.child.kill('SIGKILL')
    await running.finished
    judge()
  }
  const last = await shell(run).finished
  judge()
  // Sends permanent failures again, as the page says.
  if (last.code !== 0) expect((await shell(again).finished).code).toBe(0)

  expect(repeated).toEqual([])
  expect(api.said[429]).toBeGreaterThan(0)
  expect(api.said[500]).toBeGreaterThan(0)
  const enriched = parse(readFileSync(file('enriched.csv')), { columns: true }) as Record<string, string>[]
  const byId = enriched.toSorted((a, b) => Number(a['id']) - Number(b['id']))
  expect(byId).toEqual(
    Array.from({ length: PEOPLE }, (_, at) => ({
      index: String(at),
      key: String(at + 1),
      id: String(at + 1),
      name: `Name, ${at + 1}`,
      url: `${api.origin}/people/${at + 1}`,
      status: '200',
      score: String(scoreOf(at + 1)),
      city: `City ${at + 1}`,
      error: '',
    })),
  )
}, 120_000)

/** The highest number of requests in any second. */
function busiestSecond(stampsMs: readonly number[]): number {
  let most = 0
  let from = 0
  for (let to = 0; to < stampsMs.length; to++) {
    while ((stampsMs[to] as number) - (stampsMs[from] as number) >= 1_000) from++
    most = Math.max(most, to - from + 1)
  }
  return most
}
