import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqlite } from '../../src/sinks/index.ts'
import { failedOutcome, freshFolder, okOutcome, writeTo } from './outcomes.ts'
import { expectFigure } from '../support/figure.ts'
import { reader, rowsOf } from './rows-of.ts'

describe('sqlite', () => {
  it('writes a row per outcome, with values by their type', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    const outcomes = [
      okOutcome(0, { stars: 7 }, { key: 'a' }),
      okOutcome(1, 'text\0and more'),
      okOutcome(2, new Uint8Array([0, 255])),
      failedOutcome(3, { attempts: 2 }),
      okOutcome(4, undefined),
      okOutcome(5, null),
    ]
    await Promise.all(outcomes.map(outcome => writeTo(sink, outcome)))
    await sink.close()
    // A single file, because no other connection is open.
    expect(existsSync(`${path}-wal`)).toBe(false)
    const rows = rowsOf(path)
    expect(rows.map(({ value, encoding }) => [value, encoding])).toEqual([
      ['{"stars":7}', 'json'],
      ['text\0and more', 'text'],
      [new Uint8Array([0, 255]), 'bytes'],
      [null, null],
      [null, null],
      ['null', 'json'],
    ])
    expect(rows[0]).toMatchObject({ index: 0, key: 'a', method: 'GET', url: 'https://api.example.com/items/0', ok: 1 })
    expect(rows[0]).toMatchObject({ status: 200, attempts: 1, bytes: 17, timings: '{"total":12.3,"firstByte":3.3}' })
    expect(rows[3]).toMatchObject({ ok: 0, status: 404, error_code: 'http/404', attempts: 2, key: null })
    expect(rows[3]?.['error_message']).toMatch(/status 404/)
    expect(Date.parse(String(rows[0]?.['at']))).toBeGreaterThan(Date.now() - 60_000)
    const stars = reader(path).prepare(`SELECT json_extract(value, '$.stars') AS stars FROM results`).get()
    expect(stars?.['stars']).toBe(7)
  })

  it('adds to a table of an earlier version, whose missing columns stay missing', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    await writeTo(sink, okOutcome(0, 1))
    await sink.close()
    const database = new DatabaseSync(path)
    for (const name of ['error_body', 'final_url', 'location']) {
      database.exec(`ALTER TABLE results DROP COLUMN ${name}`)
    }
    database.close()
    const columns = [{ name: 'own', value: () => 7 }]
    expect(() => sqlite(path, { append: true, columns })).toThrow('it has no column "own"')
    const again = sqlite(path, { append: true })
    await writeTo(again, failedOutcome(1))
    await again.close()
    expect(rowsOf(path)[1]).toMatchObject({ index: 1, error_code: 'http/404', attempts: 1, bytes: 2 })
    expect(rowsOf(path)[1]).not.toHaveProperty('error_body')
  })

  it.each(['Location', 'own'])('refuses the response header %s, of which it has a column already', name => {
    const options = { columns: [{ name: 'own', value: () => 7 }], responseHeaders: [name] }
    expect(() => sqlite(join(freshFolder(), 'r.db'), options)).toThrow(
      'responseHeaders: expected names that no column has',
    )
  })

  it('has user-defined columns after the fixed ones, with values by their type', async () => {
    const path = join(freshFolder(), 'results.db')
    const values = [7, 'text', true, null, undefined, new Uint8Array([1]), new Date(0), { a: [1] }, Number.NaN]
    const columns = values.map((value, at) => ({ name: `c "${at}`, value: () => value }))
    const sink = sqlite(path, { columns })
    await writeTo(sink, okOutcome(0, 1))
    await sink.close()
    expect(Object.values(rowsOf(path)[0] ?? {}).slice(-values.length)).toEqual([
      7,
      'text',
      1,
      null,
      null,
      new Uint8Array([1]),
      '1970-01-01T00:00:00.000Z',
      '{"a":[1]}',
      null,
    ])
    expect(() => sqlite(path, { append: true, columns: [{ name: 'other', value: () => 1 }] })).toThrow(
      /cannot write the table "results" in .*results\.db: it has no column "other"\. Set overwrite: true/,
    )
    await writeTo(sqlite(path, { append: true, columns }), okOutcome(1, 1))
    expect(rowsOf(path)).toHaveLength(2)
  })

  it('loses only the row where a user-defined column throws or is async', async () => {
    const path = join(freshFolder(), 'results.db')
    const value = ({ index }: { index: number }): unknown => {
      if (index === 1) throw new Error('no')
      return index === 2 ? Promise.reject(new Error('late')) : index
    }
    const sink = sqlite(path, { columns: [{ name: 'own', value }] })
    const writes = [0, 1, 2, 3].map(index => writeTo(sink, okOutcome(index, 1)))
    expect((await Promise.allSettled(writes)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    await sink.close()
    expect(rowsOf(path).map(({ own }) => own)).toEqual([0, 3])
  })

  it.each([
    ['URL', 'expected a name that no other column has, got "URL"'],
    ['own', 'expected a name that no other column has, got "own"'],
    ['', 'expected { name, value: outcome => … }'],
  ])('refuses a column named %j', (name, why) => {
    const value = (): number => 1
    const path = join(freshFolder(), 'results.db')
    expect(() =>
      sqlite(path, {
        columns: [
          { name: 'Own', value },
          { name, value },
        ],
      }),
    ).toThrow(why)
    expect(existsSync(path)).toBe(false)
  })

  it('can be read by another connection while it is written: each row once its write has resolved', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    const other = reader(path)
    const count = other.prepare('SELECT count(*) AS rows FROM results')
    for (let round = 1; round <= 5; round++) {
      const writes = Array.from({ length: 250 }, (_, more) => writeTo(sink, okOutcome(round * 1_000 + more, more)))
      await Promise.all(writes)
      expect(count.get()?.['rows']).toBe(round * 250)
    }
    await sink.close()
  })

  it('commits 100 rows at once, and fewer after 50 ms', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    const count = reader(path).prepare('SELECT count(*) AS rows FROM results')
    const startedAt = performance.now()
    const writes = Array.from({ length: 130 }, (_, index) => writeTo(sink, okOutcome(index, index)))
    await writes[99]
    expect(count.get()?.['rows']).toBe(100)
    await writes[129]
    expectFigure(performance.now() - startedAt).toBeGreaterThanOrEqual(49)
    expect(count.get()?.['rows']).toBe(130)
    await sink.close()
  })

  it('replaces the row of the same request, wherever it stands in the input now', async () => {
    const path = join(freshFolder(), 'results.db')
    const runs = [
      [okOutcome(0, 'old a', { key: 'a' }), okOutcome(1, 'old b', { key: 'b' }), okOutcome(2, 'old')],
      [okOutcome(0, 'new b', { key: 'b' }), okOutcome(1, 'c', { key: 'c' }), okOutcome(2, 'new')],
    ]
    for (const outcomes of runs) {
      const sink = sqlite(path, { append: true })
      await Promise.all(outcomes.map(outcome => writeTo(sink, outcome)))
      await sink.close()
    }
    const rows = rowsOf(path).map(({ index, request_id: id, value }) => [index, id, value])
    expect(rows.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
      [0, 'k:a', 'old a'],
      [0, 'k:b', 'new b'],
      [1, 'k:c', 'c'],
      [2, '#2', 'new'],
    ])
  })

  it('adds to a table of an earlier version, which has no request_id, by index', async () => {
    const path = join(freshFolder(), 'results.db')
    const database = new DatabaseSync(path)
    database.exec(`CREATE TABLE results ("index" INTEGER PRIMARY KEY, key TEXT, method TEXT NOT NULL, url TEXT NOT NULL,
      ok INTEGER NOT NULL, status INTEGER, value, encoding TEXT, error_code TEXT, error_message TEXT,
      attempts INTEGER NOT NULL, bytes INTEGER NOT NULL, timings TEXT NOT NULL, at TEXT NOT NULL)`)
    database.exec(`INSERT INTO results VALUES (1, NULL, 'GET', 'u', 1, 200, 'old', 'text', NULL, NULL, 1, 3, '{}', '')`)
    database.close()
    const sink = sqlite(path, { append: true })
    await sink.write(okOutcome(1, 'new'))
    await sink.write(okOutcome(2, 'more'))
    await sink.close()
    expect(rowsOf(path)).toMatchObject([
      { index: 1, value: 'new' },
      { index: 2, value: 'more' },
    ])
  })

  it('replaces a table with overwrite, but not before there is a new row, and leaves other tables unchanged', async () => {
    const path = join(freshFolder(), 'results.db')
    const other = reader(path)
    other.exec('CREATE TABLE results (old); INSERT INTO results VALUES (1); CREATE TABLE precious AS SELECT 5 AS five')
    const sink = sqlite(path, { overwrite: true })
    expect(other.prepare('SELECT old FROM results').get()).toMatchObject({ old: 1 })
    await sink.write(okOutcome(0, 'x'))
    await sink.close()
    expect(rowsOf(path)).toMatchObject([{ index: 0, value: 'x' }])
    expect(other.prepare('SELECT five FROM precious').get()).toMatchObject({ five: 5 })
    await sqlite(path, { overwrite: true }).close()
    expect(rowsOf(path)).toEqual([])
  })

  it.each(['a "b"; DROP TABLE x --', 'select', "it's", 'with space', '😀', '[x]', '`'])(
    'accepts the table name %j',
    async table => {
      const path = join(freshFolder(), 'results.db')
      const sink = sqlite(path, { table })
      await sink.write(okOutcome(0, 'x'))
      await sink.close()
      expect(rowsOf(path, table)).toHaveLength(1)
    },
  )

  it('waits for another connection that writes, without blocking the event loop', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    const other = reader(path)
    other.exec('BEGIN IMMEDIATE')
    let kept = false
    const written = writeTo(sink, okOutcome(0, 'x')).then(() => (kept = true))
    let mostLateMs = 0
    for (let tick = 0; tick < 20; tick++) {
      const startedAt = performance.now()
      await new Promise(done => setTimeout(done, 10))
      mostLateMs = Math.max(mostLateMs, performance.now() - startedAt)
    }
    expect(kept).toBe(false)
    other.exec('ROLLBACK')
    await written
    await sink.close()
    expectFigure(mostLateMs).toBeLessThan(1_000)
  })

  it('keeps whole numbers as INTEGER up to 64 bits, and warns once about larger ones', async () => {
    const path = join(freshFolder(), 'results.db')
    const warned: string[] = []
    const note = ({ message }: Error): void => void warned.push(message)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const raw = (text: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text)
    const cells = [
      7,
      -0,
      true,
      false,
      2n ** 63n - 1n,
      raw('9007199254740993'),
      1.5,
      2 ** 70,
      2n ** 63n,
      raw('123456789012345678901'),
    ]
    const sink = sqlite(path, { columns: [{ name: 'n', value: ({ index }) => cells[index] }] })
    await Promise.all(cells.map((_, index) => writeTo(sink, okOutcome(index, 2n ** 64n))))
    await sink.close()
    await new Promise(resolve => setImmediate(resolve))
    const found = reader(path).prepare('SELECT typeof(n) AS type, CAST(n AS TEXT) AS text FROM results').all()
    expect(found.map(({ type, text }) => `${String(type)} ${String(text)}`)).toEqual([
      'integer 7',
      'integer 0',
      'integer 1',
      'integer 0',
      'integer 9223372036854775807',
      'integer 9007199254740993',
      'real 1.5',
      expect.stringMatching(/^real 1\.1805916207174\d*e\+21$/),
      'text 9223372036854775808',
      'text 123456789012345678901',
    ])
    const [value] = reader(path).prepare('SELECT value, encoding FROM results').all()
    expect(value).toMatchObject({ value: '18446744073709551616', encoding: 'json' })
    expect(warned).toEqual([
      expect.stringContaining('sqlite: column n: 9223372036854775808 does not fit into the 64 bits'),
    ])
  })

  it('rejects the row that JSON cannot hold, and keeps the others', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    const settled = await Promise.allSettled([0, [1n], 2].map((value, index) => writeTo(sink, okOutcome(index, value))))
    await sink.close()
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(settled[1]).toMatchObject({ reason: { name: 'RowError', index: 1 } })
    expect(rowsOf(path).map(({ index }) => index)).toEqual([0, 2])
  })

  it('rejects every write when its table was deleted, and says why', async () => {
    const path = join(freshFolder(), 'results.db')
    const sink = sqlite(path)
    await sink.write(okOutcome(0, 'x'))
    reader(path).exec('DROP TABLE results')
    const failure = await writeTo(sink, okOutcome(1, 'x')).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'SinkError', rows: 1, code: 'ERR_SQLITE_ERROR' })
    expect(String(failure)).toContain('no such table: results')
    await expect(writeTo(sink, okOutcome(2, 'x'))).rejects.toBe(failure)
    await expect(sink.close()).rejects.toBe(failure)
  })

  it('refuses a path that it cannot write to when it is made, and changes nothing', async () => {
    const dir = freshFolder()
    const at = (name: string): string => join(dir, name)
    writeFileSync(at('text'), 'this is no database, but somebody needs it')
    mkdirSync(at('sub'))
    reader(at('made.db')).exec('CREATE TABLE results (x); CREATE VIEW seen AS SELECT 1; CREATE TABLE odd (x)')
    expect(() => sqlite(at('text'))).toThrow(/^cannot write .*text: it exists and is not an SQLite database\./)
    expect(() => sqlite(at('text'), { overwrite: true })).toThrow(/is not an SQLite database/)
    expect(() => sqlite(at('sub'))).toThrow(/it is a folder \(EISDIR\)/)
    expect(() => sqlite(at('missing/results.db'))).toThrow(/Make .*missing first/)
    expect(() => sqlite(at('text/results.db'))).toThrow(/a part of its path is a file/)
    expect(() => sqlite(at('made.db'))).toThrow(
      /cannot write the table "results" in .*made\.db: it exists\. Set overwrite: true to replace it, append: true/,
    )
    expect(() => sqlite(at('made.db'), { table: 'RESULTS' })).toThrow(/it exists/)
    expect(() => sqlite(at('made.db'), { table: 'seen', overwrite: true })).toThrow(
      /cannot write the table "seen" in .*: it is a view\./,
    )
    expect(() => sqlite(at('made.db'), { table: 'odd', append: true })).toThrow(/no column named/)
    expect(() => sqlite(at('new.db'), { table: 'sqlite_x' })).toThrow(/reserved/)
    expect(() => sqlite(at('new.db'), { table: '' })).toThrow(/sqlite\.table: expected the name of a table, got ""/)
    expect(() => sqlite(':memory:')).toThrow(/expected the path of a file/)
    expect(() => sqlite(at('new.db'), { overwrite: true, append: true })).toThrow(/got both/)
    expect(readFileSync(at('text'), 'utf8')).toBe('this is no database, but somebody needs it')
    // An empty file is an empty database.
    writeFileSync(at('empty'), '')
    await sqlite(at('empty')).close()
    expect(rowsOf(at('empty'))).toEqual([])
  })
})
