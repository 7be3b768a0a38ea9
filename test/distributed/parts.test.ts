import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folder } from './batch-kit.ts'
import { fileOf } from '../../src/distributed/batch/manifest.ts'
import { PartJournal } from '../../src/distributed/batch/part-journal.ts'
import { openPart, partFolder, partName, readParts, sealedPath } from '../../src/distributed/batch/parts.ts'
import type { Past } from '../../src/distributed/batch/parts.ts'
import { seal } from '../../src/distributed/batch/seal.ts'
import type { Counts } from '../../src/distributed/batch/seal.ts'
import type { DoneLine, IntentLine } from '../../src/core/journal.ts'

const chunk = { number: 3, from: 30, rows: 4, offset: 0, length: 0, line: 1, digest: '' }
const salt = 'salt'
const manifest = { batch: 'b1', id: 'first' }
const AT = new Date(0).toISOString()

const done = (index: number, value: string, ok = true): DoneLine => ({
  v: 2,
  index,
  id: `#${index}`,
  print: 'p',
  method: 'GET',
  url: 'http://a.test/',
  ok,
  status: 200,
  value,
  ...(!ok && { error: { code: 'http/404', message: 'm' } }),
  attempts: 1,
  bytes: 1,
  timings: {},
  at: AT,
})

const intent = (index: number): IntentLine => ({
  intent: { v: 2, index, id: `#${index}`, print: 'p', at: AT, method: 'POST', url: 'http://a.test/' },
})

/** A start of the chunk that has read what was there. */
async function start(results: string, starts: number) {
  mkdirSync(partFolder(results, chunk.number), { recursive: true })
  writeFileSync(fileOf(results, 'manifest'), JSON.stringify({ v: 1, ...manifest, results }))
  const past = await readParts(results, chunk, salt)
  const part = await openPart(results, chunk.number, starts, past)
  const journal = new PartJournal({ part, salt, past, durability: 'process' })
  return { past, part, journal }
}

/** @param knows the process still has the bytes of the part */
const sealed = (results: string, past: Past, journal: PartJournal, knows = false): Promise<Counts | undefined> =>
  seal({
    manifest,
    results,
    chunk,
    lines: [past.done, journal.done],
    known: knows ? journal : undefined,
    parts: [...past.parts.map(({ file }) => file), journal.file],
  })

const valuesIn = (path: string): unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as DoneLine).value)

describe('a part', () => {
  it('is sealed in the order of the input, and removed', async () => {
    using files = folder()
    const { past, journal } = await start(files.path, 1)
    await Promise.all([33, 31, 30, 32].map(index => journal.append(done(index, `é${index}`, index !== 31))))
    await journal.close()
    expect(await sealed(files.path, past, journal)).toEqual({ ok: 3, failed: 1 })
    expect(valuesIn(sealedPath(files.path, 3))).toEqual(['é30', 'é31', 'é32', 'é33'])
    expect(readdirSync(partFolder(files.path, 3))).toEqual(['c00000003.ndjson'])
  })

  it('has its lines in the file once they are acknowledged, so a killed process loses none', async () => {
    using files = folder()
    const { part, journal } = await start(files.path, 1)
    await Promise.all([30, 31].map(index => journal.append(done(index, 'v'))))
    expect(valuesIn(part.path)).toEqual(['v', 'v'])
    const { done: known } = await readParts(files.path, chunk, salt)
    expect([...known.keys()]).toEqual([30, 31])
    await journal.close()
  })

  it('of an earlier start wins over that of a later one, and a cut line is no line', async () => {
    using files = folder()
    const first = await start(files.path, 1)
    await first.journal.append(done(30, 'first'))
    await first.journal.append(done(31, 'first'))
    appendFileSync(first.part.path, '{"v":2,"index":32,"id"')
    const second = await start(files.path, 2)
    expect([...second.past.done.keys()]).toEqual([30, 31])
    await Promise.all([30, 32, 33].map(index => second.journal.append(done(index, 'second'))))
    await second.journal.close()
    expect(await sealed(files.path, second.past, second.journal)).toEqual({ ok: 4, failed: 0 })
    expect(valuesIn(sealedPath(files.path, 3))).toEqual(['first', 'first', 'second', 'second'])
    await first.journal.close()
  })

  it('of a process that was stopped does not change a chunk that its successor has sealed', async () => {
    using files = folder()
    const stopped = await start(files.path, 1)
    await stopped.journal.append(done(30, 'stopped'))
    const successor = await start(files.path, 2)
    await Promise.all([31, 32, 33].map(index => successor.journal.append(done(index, 'successor', false))))
    await successor.journal.close()
    expect(await sealed(files.path, successor.past, successor.journal)).toEqual({ ok: 1, failed: 3 })
    const whole = readFileSync(sealedPath(files.path, 3))
    await Promise.all([31, 32, 33].map(index => stopped.journal.append(done(index, 'stopped'))))
    await stopped.journal.close()
    // Its own part is gone by now; what counts is in the sealed file.
    expect(await sealed(files.path, stopped.past, stopped.journal)).toMatchObject({ ok: 1, failed: 3 })
    expect(readFileSync(sealedPath(files.path, 3))).toEqual(whole)
    expect(readdirSync(partFolder(files.path, 3))).toEqual(['c00000003.ndjson'])
  })

  it('takes the next epoch if its name is taken by a process of which the queue has lost count', async () => {
    using files = folder()
    const lost = await start(files.path, 1)
    const past = { parts: [], done: new Map(), doubts: new Map(), jobs: new Map() }
    const { file } = await openPart(files.path, chunk.number, 1, past)
    expect([lost.part.file, file]).toEqual([partName(3, 1), partName(3, 2)])
    expect((await readParts(files.path, chunk, salt)).parts.map(({ epoch }) => epoch)).toEqual([1, 2])
    await lost.journal.close()
  })

  it('is not sealed with requests missing, nor with a line that was damaged after it was written', async () => {
    using files = folder()
    const { past, part, journal } = await start(files.path, 1)
    await Promise.all([30, 31, 32].map(index => journal.append(done(index, 'v'))))
    expect(await sealed(files.path, past, journal)).toBeUndefined()
    await journal.append(done(33, 'v'))
    await journal.close()
    writeFileSync(part.path, readFileSync(part.path, 'utf8').replace('"value":"v"', '"value":"w"'))
    await expect(sealed(files.path, past, journal)).rejects.toThrow('a result of chunk 3 was damaged')
    expect(existsSync(sealedPath(files.path, 3))).toBe(false)
    // The next start finds the three good lines.
    const next = await start(files.path, 2)
    expect(next.past.done.size).toBe(3)
    await next.journal.close()
  })

  it('that this process still has in memory is sealed from there, whatever has become of its file', async () => {
    using files = folder()
    const { past, part, journal } = await start(files.path, 1)
    await Promise.all([33, 31, 30, 32].map(index => journal.append(done(index, `é${index}`, index !== 31))))
    await journal.append(done(31, 'again'))
    await journal.close()
    writeFileSync(part.path, 'damaged')
    expect(await sealed(files.path, past, journal, true)).toEqual({ ok: 3, failed: 1 })
    expect(valuesIn(sealedPath(files.path, 3))).toEqual(['é30', 'é31', 'é32', 'é33'])
    expect(readdirSync(partFolder(files.path, 3))).toEqual(['c00000003.ndjson'])
  })

  it('that this process still has is sealed with the lines of an earlier start, from their files', async () => {
    using files = folder()
    const first = await start(files.path, 1)
    await first.journal.append(done(31, 'first'))
    await first.journal.close()
    const second = await start(files.path, 2)
    await Promise.all([33, 32, 30].map(index => second.journal.append(done(index, 'second'))))
    await second.journal.close()
    expect(await sealed(files.path, second.past, second.journal, true)).toEqual({ ok: 4, failed: 0 })
    expect(valuesIn(sealedPath(files.path, 3))).toEqual(['second', 'first', 'second', 'second'])
  })

  it('keeps the intent of an unsafe request for the next start', async () => {
    using files = folder()
    const first = await start(files.path, 1)
    await Promise.all([first.journal.append(done(30, 'v')), first.journal.append(intent(31))])
    const second = await start(files.path, 2)
    expect(second.journal.isNew).toBe(false)
    expect(second.journal.intent('#31')).toMatchObject({ v: 2, print: 'p' })
    expect(second.journal.intent('#30')).toBeUndefined()
    await Promise.all([first.journal.close(), second.journal.close()])
  })

  it('that is large is sealed without reading it at once', async () => {
    using files = folder()
    const { past, journal } = await start(files.path, 1)
    const large = 'x'.repeat(6_000_000)
    for (const index of [33, 32, 31, 30]) await journal.append(done(index, `${index}${large}`))
    await journal.close()
    expect(await sealed(files.path, past, journal)).toEqual({ ok: 4, failed: 0 })
    expect(valuesIn(sealedPath(files.path, 3)).map(value => String(value).slice(0, 3))).toEqual([
      '30x',
      '31x',
      '32x',
      '33x',
    ])
  })
})
