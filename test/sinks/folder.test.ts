import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder } from '../../src/sinks/index.ts'
import { failedOutcome, freshFolder, okOutcome, writeTo } from './outcomes.ts'
import { covers } from '../support/hostile/record.ts'

const filesOf = (path: string): Record<string, string> =>
  Object.fromEntries(readdirSync(path).map(name => [name, readFileSync(join(path, name), 'latin1')]))

const namesOf = (path: string): string[] =>
  readdirSync(path)
    .filter(name => name !== 'errors.jsonl')
    .toSorted()

describe('folder', () => {
  it('writes one file per answer, and a line per failure', async () => {
    const path = join(freshFolder(), 'out')
    const sink = folder(path)
    const whole = { status: 200, bytes: () => new Uint8Array([1, 254]), text: () => '', json: () => 0 }
    const outcomes = [
      okOutcome(0, { a: [1] }),
      okOutcome(1, 'text'),
      okOutcome(2, new Uint8Array([0, 255])),
      okOutcome(3, undefined),
      okOutcome(4, whole),
      failedOutcome(5),
      okOutcome(6, { a: 1 }, { key: 'torvalds/linux' }),
      okOutcome(7, 'x', { key: 'page.html' }),
      okOutcome(8, 'x', { key: '' }),
    ]
    await Promise.all(outcomes.map(outcome => writeTo(sink, outcome)))
    await sink.close()
    const { 'errors.jsonl': errors, ...files } = filesOf(path)
    expect(files).toEqual({
      '0.json': '{\n  "a": [\n    1\n  ]\n}\n',
      '1.txt': 'text',
      '2.bin': '\x00\xff',
      '3.txt': '',
      '4.bin': '\x01\xfe',
      'torvalds%2Flinux.json': '{\n  "a": 1\n}\n',
      'page.html': 'x',
      '8.txt': 'x',
    })
    expect(JSON.parse(errors ?? '')).toMatchObject({ index: 5, ok: false, error: { code: 'http/404' } })
  })

  it('takes names from a function and keeps them inside the folder', async () => {
    const dir = freshFolder()
    const path = join(dir, 'out')
    writeFileSync(join(dir, 'victim'), 'precious')
    const names = [
      '../victim',
      '/etc/parallel-requests',
      'a/b',
      '..',
      'CON',
      'a\0b',
      '.0.part',
      'errors.jsonl',
      'x'.repeat(999),
    ]
    const sink = folder(path, { name: ({ index }) => names[index] ?? '', indent: 0 })
    await Promise.all(names.map((_, index) => writeTo(sink, okOutcome(index, { index }))))
    await sink.close()
    expect(readdirSync(dir).toSorted()).toEqual(['out', 'victim'])
    expect(readFileSync(join(dir, 'victim'), 'utf8')).toBe('precious')
    expect(readFileSync(join(path, 'errors.jsonl'), 'utf8')).toBe('')
    expect(namesOf(path)).toHaveLength(names.length)
    expect(namesOf(path)).toEqual(expect.arrayContaining(['%2E.%2Fvictim', '%2E0.part', '_CON', 'errors~7.jsonl']))
    for (const name of namesOf(path)) expect(lstatSync(join(path, name)).isFile()).toBe(true)
    expect(readFileSync(join(path, '_CON'), 'utf8')).toBe('{"index":4}\n')
    covers(import.meta.url, {
      row: 121,
      name: 'file names such as ../x, /etc/x or a\\\\0b (folder sink)',
      outcome: 'the file is inside the folder',
      retry: '–',
      socket: '–',
    })
  })

  it('numbers names that some file system treats as equal, in the order of the calls', async () => {
    const path = join(freshFolder(), 'out')
    const keys = ['README', 'readme', 'Readme', 'readme~1', 'é', 'e\u0301']
    const sink = folder(path)
    await Promise.all(keys.map((key, index) => writeTo(sink, okOutcome(index, key, { key }))))
    await sink.close()
    const files = filesOf(path)
    expect(namesOf(path)).toEqual(
      ['README.txt', 'Readme~2.txt', 'e\u0301~5.txt', 'readme~1.txt', 'readme~1~3.txt', 'é.txt'].toSorted(),
    )
    expect(files['readme~1.txt']).toBe('readme')
    expect(files['readme~1~3.txt']).toBe('readme~1')
  })

  it('refuses to replace a file without overwrite, and keeps the others', async () => {
    const path = freshFolder()
    writeFileSync(join(path, '1.txt'), 'precious')
    mkdirSync(join(path, '2.txt'))
    const sink = folder(path)
    const settled = await Promise.allSettled([0, 1, 2, 3].map(index => writeTo(sink, okOutcome(index, 'new'))))
    await sink.close()
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
    covers(import.meta.url, {
      row: 121,
      name: 'a file of that name exists (folder sink)',
      outcome: 'refused; other files are written',
      retry: '–',
      socket: '–',
    })
    expect(settled[1]).toMatchObject({ reason: { name: 'RowError', index: 1 } })
    expect(String((settled[1] as PromiseRejectedResult).reason)).toContain(
      'cannot write 1.txt: file already exists (EEXIST). Set overwrite: true',
    )
    expect(readFileSync(join(path, '1.txt'), 'utf8')).toBe('precious')
    expect(namesOf(path)).toEqual(['0.txt', '1.txt', '2.txt', '3.txt'])

    const again = folder(path, { overwrite: true })
    const [, second, third] = await Promise.allSettled(
      [0, 1, 2].map(index => writeTo(again, okOutcome(index, 'newer'))),
    )
    await again.close()
    expect(second?.status).toBe('fulfilled')
    // A folder is never replaced by a file.
    expect(third).toMatchObject({ status: 'rejected', reason: { name: 'RowError', index: 2 } })
    expect(readFileSync(join(path, '1.txt'), 'utf8')).toBe('newer')
    expect(namesOf(path)).toEqual(['0.txt', '1.txt', '2.txt', '3.txt'])
  })

  it("follows no link, neither at a file's name nor at its temporary name", async () => {
    const dir = freshFolder()
    const path = join(dir, 'out')
    mkdirSync(path)
    writeFileSync(join(dir, 'victim'), 'precious')
    symlinkSync(join(dir, 'victim'), join(path, '.0.part'))
    symlinkSync(join(dir, 'victim'), join(path, '0.txt'))
    symlinkSync(join(dir, 'nowhere'), join(path, '1.txt'))
    const sink = folder(path)
    const settled = await Promise.allSettled([0, 1].map(index => writeTo(sink, okOutcome(index, 'evil'))))
    await sink.close()
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const again = folder(path, { overwrite: true })
    await again.write(okOutcome(0, 'fine'))
    await again.close()
    expect(lstatSync(join(path, '0.txt')).isSymbolicLink()).toBe(false)
    expect(readFileSync(join(path, '0.txt'), 'utf8')).toBe('fine')
    expect(readFileSync(join(dir, 'victim'), 'utf8')).toBe('precious')
    expect(existsSync(join(dir, 'nowhere'))).toBe(false)
    covers(import.meta.url, {
      row: 121,
      name: 'a symbolic link in the place of the file (folder sink)',
      outcome: 'refused; nothing is written through it',
      retry: '–',
      socket: '–',
    })
  })

  it('shows a file under its name only when it is complete', async () => {
    const path = freshFolder()
    const sink = folder(path)
    const big = 'x'.repeat(20_000_000)
    const state = { done: false }
    const written = writeTo(sink, okOutcome(0, big)).then(() => (state.done = true))
    const lengths = new Set<number>()
    while (!state.done) {
      if (existsSync(join(path, '0.txt'))) lengths.add(lstatSync(join(path, '0.txt')).size)
      await new Promise(next => setImmediate(next))
    }
    await written
    await sink.close()
    expect(lengths.size).toBeLessThanOrEqual(1)
    expect(lstatSync(join(path, '0.txt')).size).toBe(big.length)
  })

  it.each([
    ['throws', (): never => expect.fail('my mistake'), /expected a name, got an error \(my mistake\)/],
    ['returns an empty string', () => '', /expected a name, got ''/],
    ['returns a number', () => 7 as never, /expected a name, got number/],
  ])('rejects the row whose name function %s, and keeps the others', async (_what, odd, message) => {
    const path = freshFolder()
    const sink = folder(path, { name: ({ index }) => (index === 1 ? odd() : `n${index}`) })
    const settled = await Promise.allSettled([0, 1, 2].map(index => writeTo(sink, okOutcome(index, 'x'))))
    await sink.close()
    expect(settled[1]).toMatchObject({
      reason: { name: 'RowError', index: 1, message: expect.stringMatching(message) as string },
    })
    expect(namesOf(path)).toEqual(['n0', 'n2'])
  })

  it('rejects a row that JSON cannot hold', async () => {
    const path = freshFolder()
    const sink = folder(path)
    await expect(writeTo(sink, okOutcome(3, { big: 1n }))).rejects.toMatchObject({ name: 'RowError', index: 3 })
    await sink.close()
    expect(namesOf(path)).toEqual([])
  })

  it('finishes open writes when it is closed, and accepts nothing afterwards', async () => {
    const path = freshFolder()
    const sink = folder(path)
    const writes = Array.from({ length: 50 }, (_, index) => writeTo(sink, okOutcome(index, 'x')))
    await sink.close()
    expect(namesOf(path)).toHaveLength(50)
    await Promise.all(writes)
    await expect(writeTo(sink, okOutcome(99, 'x'))).rejects.toThrow('the sink was closed')
  })

  it('refuses a path that it cannot write to when it is made', async () => {
    const dir = freshFolder()
    const at = (name: string): string => join(dir, name)
    writeFileSync(at('file'), '')
    expect(() => folder(at('file'))).toThrow(/cannot make the folder .*file: it is a file\./)
    expect(() => folder(at('missing/out'))).toThrow(/Make .*missing first/)
    expect(() => folder(at('file/out'))).toThrow(/a part of its path is a file \(ENOTDIR\)/)
    expect(() => folder(at('new'), { indent: 'x' as never })).toThrow(/folder\.indent: expected an integer ≥ 0/)
    expect(() => folder(at('new'), { names: 1 } as never)).toThrow(/Did you mean 'name'\?/)
    expect(existsSync(at('new'))).toBe(false)
    await folder(at('new')).close()
    expect(() => folder(at('new'))).toThrow(/errors\.jsonl: it exists \(EEXIST\)\. Set overwrite: true/)
  })
})
