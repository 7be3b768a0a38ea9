import fs, { existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConfigError } from '../../src/core/error.ts'
import { GroupWriter } from '../../src/store/group-writer.ts'
import type { Disk } from '../../src/store/group-writer.ts'
import { LineIndex } from '../../src/store/line-index.ts'
import { LineError } from '../../src/core/journal.ts'
import { openRunFile } from '../../src/store/run-file.ts'
import { doneLine, failedLine, folder, idOf, intentLine, textOf } from '../support/run-lines.ts'
import { figure } from '../support/figure.ts'

const newPath = (): string => join(folder(), 'run.jsonl')
const open = (path: string, durability: 'process' | 'power' = 'process') => openRunFile(path, { durability })

describe('a run file', () => {
  it('returns on the next opening what was appended, complete and by index', async () => {
    const path = newPath()
    const first = await open(path)
    expect([first.size, first.known('#0'), first.intent('#0'), first.dropped]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ])
    const lines = [doneLine(0), failedLine(1), doneLine(2, { key: 'two', value: 'AAEC', encoding: 'base64' })]
    await Promise.all([...lines, intentLine(4, 'the key'), intentLine(3), doneLine(3)].map(line => first.append(line)))
    expect(first.size).toBe(5)
    await first.close()

    const second = await open(path)
    expect(second.size).toBe(5)
    expect(second.known('#0')).toMatchObject({ print: idOf(0), ok: true })
    expect(second.known('#1')).toMatchObject({ print: idOf(1), ok: false })
    expect(await Promise.all([second.read('#0'), second.read('#1'), second.read('#2')])).toEqual(lines)
    expect([second.intent('#3'), second.intent('#4')]).toEqual([
      undefined,
      { v: 1, print: idOf(4), idempotencyKey: 'the key' },
    ])
    expect(second.known('#4')).toBeUndefined()
    await expect(second.read('#4')).rejects.toThrow('has no finished line of #4')
    await second.close()
  })

  it('uses the last finished line of an index, and marks it in doubt again after a later intent', async () => {
    const path = newPath()
    writeFileSync(
      path,
      textOf(doneLine(0, { id: 'first' }), intentLine(1), failedLine(0), failedLine(1), intentLine(1)),
    )
    const journal = await open(path)
    expect(journal.known('#0')).toMatchObject({ print: idOf(0), ok: false })
    expect(await journal.read('#0')).toEqual(failedLine(0))
    expect(journal.known('#1')).toMatchObject({ ok: false })
    expect(journal.intent('#1')).toEqual({ v: 1, print: idOf(1) })
    await journal.close()
  })

  it('keeps lines in the order of the calls, each a line of JSON with the given fields', async () => {
    const path = newPath()
    const journal = await open(path)
    const order = [5, 3, 9, 0, 7]
    await Promise.all(order.map(index => journal.append(doneLine(index, { value: 'line\nend \u2028' }))))
    await journal.close()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(lines.map(line => (JSON.parse(line) as { index: number }).index)).toEqual(order)
    expect(JSON.parse(lines[0] as string)).toEqual({
      ...doneLine(5, { value: 'line\nend \u2028' }),
      crc: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    })
  })

  it('holds text without halves of surrogate pairs, and gives them back unchanged', async () => {
    const path = newPath()
    const journal = await open(path)
    const value = { text: '\uFFFD \uD800 \u{1F600} \uDC00\uD83D \\ud83d', '\uDFFF': '\uFFFD' }
    await journal.append(doneLine(0, { value }))
    await journal.close()
    const text = readFileSync(path, 'utf8')
    expect(JSON.parse(text)).toMatchObject({
      value: { text: '\uFFFD \uFFFD \u{1F600} \uFFFD\uFFFD \\ud83d', '\uFFFD': '\uFFFD' },
      warnings: ['half of a surrogate pair was written as U+FFFD'],
    })
    const again = await open(path)
    expect(await again.read('#0')).toMatchObject({ value })
    await again.close()
  })

  it('rejects only the line that cannot be written as JSON', async () => {
    const path = newPath()
    const journal = await open(path)
    const appended = [doneLine(0), doneLine(1, { value: 1n }), doneLine(2)].map(line => journal.append(line))
    await expect(Promise.allSettled(appended)).resolves.toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: expect.any(LineError) as LineError },
      { status: 'fulfilled' },
    ])
    await journal.close()
    expect(readFileSync(path, 'utf8')).toBe(textOf(doneLine(0), doneLine(2)))
  })

  it('writes once per turn of the event loop, however many callbacks the turn has', async () => {
    const path = newPath()
    const journal = await open(path)
    const written = vi.spyOn(fs, 'writeSync')
    syncBuiltinESMExports()
    onTestFinished(() => {
      written.mockRestore()
      syncBuiltinESMExports()
    })
    let appended: Promise<void>[] = []
    for (let turn = 0; turn < 10; turn++) {
      appended = []
      for (let i = 0; i < 50; i++) {
        appended.push(journal.append(doneLine(turn * 100 + i)))
        appended.push(Promise.resolve().then(() => journal.append(doneLine(turn * 100 + 50 + i))))
      }
      // Waits for the next turn.
      await setImmediate()
      expect(written).toHaveBeenCalledTimes(turn + 1)
    }
    await Promise.all(appended)
    await journal.close()
    expect(written).toHaveBeenCalledTimes(10)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1_001)
  })

  it.each(['process', 'power'] as const)(
    'resolves in %s mode only when the bytes are in the file',
    async durability => {
      const path = newPath()
      const journal = await open(path, durability)
      let checked = 0
      const appended: Promise<void>[] = []
      for (let index = 0; index < 400; index++) {
        const line = doneLine(index)
        const acked = journal.append(line).then(() => {
          // Read through a file descriptor of its own.
          expect(readFileSync(path, 'utf8')).toContain(textOf(line))
          checked++
        })
        appended.push(acked)
        // oxlint-disable-next-line no-await-in-loop -- Groups of seven.
        if (index % 7 === 0) await setImmediate()
      }
      await Promise.all(appended)
      expect(checked).toBe(400)
      await journal.close()
    },
  )

  it('flushes on close, and neither appends nor reads afterwards', async () => {
    const path = newPath()
    writeFileSync(path, textOf(doneLine(0)))
    const journal = await open(path)
    const appended = journal.append(doneLine(1))
    // More than are written at once.
    const reads = Array.from({ length: 200 }, () => journal.read('#0'))
    await Promise.all([journal.close(), journal.close()])
    await appended
    for (const line of await Promise.all(reads)) expect(line).toEqual(doneLine(0))
    expect(readFileSync(path, 'utf8')).toBe(textOf(doneLine(0), doneLine(1)))
    await expect(journal.append(doneLine(2))).rejects.toThrow('The run file is closed')
    await expect(journal.read('#0')).rejects.toThrow('is closed')
  })

  it('reports a line that another program changed', async () => {
    const path = newPath()
    const text = textOf(doneLine(0), doneLine(1))
    writeFileSync(path, text)
    const journal = await open(path)
    const file = openSync(path, 'r+')
    fs.writeSync(file, 'z', text.indexOf('GET'))
    fs.closeSync(file)
    await expect(journal.read('#0')).rejects.toThrow('was changed while it was open')
    expect(await journal.read('#1')).toEqual(doneLine(1))
    await journal.close()
  })

  it('holds every line of a turn, however large together, with characters of any length', async () => {
    const path = newPath()
    const journal = await open(path)
    const lines = Array.from({ length: 400 }, (_, index) => ({ ...doneLine(index), value: 'aé漢🙂'.repeat(index) }))
    await Promise.all(lines.map(line => journal.append(line)))
    await journal.append(doneLine(400))
    await journal.close()
    expect(readFileSync(path, 'utf8')).toBe(textOf(...lines, doneLine(400)))
  })

  figure('takes more than 100,000 lines a second when 100 come per turn', async () => {
    const perSecond: number[] = []
    for (let run = 0; run < 3; run++) {
      // oxlint-disable no-await-in-loop -- One run after the other.
      const journal = await open(newPath())
      const line = doneLine(0)
      // CPU time of this process, so that other load on the machine does not count.
      const started = process.cpuUsage()
      for (let turn = 0; turn < 300; turn++) {
        for (let i = 0; i < 99; i++) void journal.append(line)
        await journal.append(line)
      }
      const { user, system } = process.cpuUsage(started)
      perSecond.push(30_000 / ((user + system) / 1e6))
      await journal.close()
      // oxlint-enable no-await-in-loop
    }
    expect(Math.max(...perSecond)).toBeGreaterThan(100_000)
  })

  figure('remembers a million lines in less than 40 MB, fingerprints of another form included', () => {
    const before = process.memoryUsage()
    const index = new LineIndex()
    for (let i = 0; i < 1_000_000; i++)
      index.set(i, { v: 2, print: idOf(i), ok: i % 2 === 0, offset: i * 300, length: 300 })
    const after = process.memoryUsage()
    const grown = after.arrayBuffers - before.arrayBuffers
    expect(grown).toBeGreaterThan(27e6)
    expect(grown).toBeLessThan(40e6)
    index.set(7, { v: 1, print: 'another form', ok: true, offset: 2 ** 40, length: 2 ** 29 })
    index.set(2 ** 50, { v: 2, print: idOf(1).toUpperCase(), ok: false, offset: 0, length: 1 })
    expect(index.get(7)).toEqual({ v: 1, print: 'another form', ok: true, offset: 2 ** 40, length: 2 ** 29 })
    index.set(7, { v: 2, print: idOf(3), ok: false, offset: 1, length: 2 })
    expect(index.get(7)).toEqual({ v: 2, print: idOf(3), ok: false, offset: 1, length: 2 })
    expect(index.get(999_999)).toEqual({ v: 2, print: idOf(999_999), ok: false, offset: 299_999_700, length: 300 })
    expect(index.get(2 ** 50)?.print).toBe(idOf(1).toUpperCase())
    expect([index.get(1_000_000), index.get(2 ** 51)]).toEqual([undefined, undefined])
  })
})

describe('a failing disk', () => {
  /** Keeps the text in memory. */
  class Memory implements Disk {
    text = ''
    readonly syncs: ((error: Error | null) => void)[] = []
    /** Bytes that still fit. */
    room = Infinity
    /** Bytes that one call accepts. */
    most = Infinity

    write(_fd: number, bytes: Buffer, start: number): number {
      const taken = bytes.toString('latin1', start, start + Math.min(this.room, this.most))
      if (this.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      this.text += taken
      this.room -= taken.length
      return taken.length
    }

    sync(_fd: number, done: (error: Error | null) => void): void {
      this.syncs.push(done)
    }

    truncate(_fd: number, size: number): void {
      this.text = this.text.slice(0, size)
    }
  }

  it('that accepts a few bytes at a time gets all of them', async () => {
    const disk = Object.assign(new Memory(), { most: 3 })
    const writer = new GroupWriter(0, 0, 'process', disk)
    await Promise.all([writer.append('first\n'), writer.append('second\n')])
    expect(disk.text).toBe('first\nsecond\n')
  })

  it('that is full in the middle of a line keeps complete lines, and rejects pending and later ones', async () => {
    const disk = Object.assign(new Memory(), { text: 'old\n', room: 10 })
    const writer = new GroupWriter(0, 4, 'process', disk)
    const appended = [writer.append('first\n'), writer.append('second\n'), writer.append('third\n')]
    for (const { status } of await Promise.allSettled(appended)) expect(status).toBe('rejected')
    expect(disk.text).toBe('old\nfirst\n')
    disk.room = Infinity
    await expect(writer.append('later\n')).rejects.toMatchObject({ code: 'ENOSPC' })
    await writer.end()
    expect(disk.text).toBe('old\nfirst\n')
  })

  it('makes a line safe in power mode only after a sync that started after its write', async () => {
    const disk = new Memory()
    const writer = new GroupWriter(0, 0, 'power', disk)
    const acked: string[] = []
    const append = (name: string) => void writer.append(`${name}\n`).then(() => acked.push(name))
    append('a')
    await setImmediate()
    expect([disk.text, disk.syncs.length, acked]).toEqual(['a\n', 1, []])
    append('b')
    append('c')
    await setImmediate()
    append('d')
    await setImmediate()
    // One sync at a time; the others are collected.
    expect([disk.text, disk.syncs.length, acked]).toEqual(['a\nb\nc\nd\n', 1, []])
    disk.syncs[0]?.(null)
    await setImmediate()
    expect([disk.syncs.length, acked]).toEqual([2, ['a']])
    let ended = false
    const ending = writer.end().then(() => (ended = true))
    await setImmediate()
    expect(ended).toBe(false)
    disk.syncs[1]?.(null)
    await ending
    expect([disk.syncs.length, acked]).toEqual([2, ['a', 'b', 'c', 'd']])
  })

  it('that cannot sync is not synced again', async () => {
    const disk = new Memory()
    const writer = new GroupWriter(0, 0, 'power', disk)
    const first = writer.append('a\n')
    await setImmediate()
    const second = writer.append('b\n')
    await setImmediate()
    disk.syncs[0]?.(Object.assign(new Error('i/o error'), { code: 'EIO' }))
    await expect(first).rejects.toMatchObject({ code: 'EIO' })
    await expect(second).rejects.toMatchObject({ code: 'EIO' })
    await expect(writer.append('c\n')).rejects.toMatchObject({ code: 'EIO' })
    await writer.end()
    expect(disk.syncs).toHaveLength(1)
  })
})

describe('a path that cannot be a run file', () => {
  async function refusal(path: string): Promise<string> {
    const error: unknown = await open(path).then(
      journal => journal.close(),
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }

  it('is refused if it is a folder, and the message asks for a file', async () => {
    const path = newPath()
    mkdirSync(path)
    expect(await refusal(path)).toMatch(/cannot open the run file ".*run\.jsonl": it is a folder\. Give the path/)
  })

  it('is refused in a folder that does not exist, and the message says to create it', async () => {
    const path = join(folder(), 'missing', 'run.jsonl')
    expect(await refusal(path)).toMatch(/Its folder must exist: make it, or give another path\.$/)
    expect(existsSync(join(path, '..'))).toBe(false)
    const file = newPath()
    writeFileSync(file, '')
    expect(await refusal(join(file, 'run.jsonl'))).toContain('A part of its path is a file')
  })

  it.skipIf(process.platform === 'win32')('is refused if it is a device', async () => {
    expect(await refusal('/dev/full')).toContain('it is a device, a pipe or a socket')
  })

  it.skipIf(process.platform !== 'linux')('is refused where writing is not possible', async () => {
    expect(await refusal('/sys/kernel/run.jsonl')).toMatch(/It must be readable and writable: allow it/)
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('is refused without permission', async () => {
    const path = newPath()
    writeFileSync(path, '', { mode: 0o000 })
    expect(await refusal(path)).toContain('It must be readable and writable')
    fs.chmodSync(join(path, '..'), 0o500)
    onTestFinished(() => fs.chmodSync(join(path, '..'), 0o700))
    fs.chmodSync(path, 0o600)
    expect(await refusal(path)).toContain('Its folder must be writable')
  })

  it.each([
    ['a list', '[{"v":1},\n{"v":1}]\n'],
    ['a list on one line without an end', '[1,2,3]'],
    ['a table', 'url,status\nhttp://127.0.0.1/,200\n'],
    ['JSON lines of another program', '{"url":"http://127.0.0.1/"}\n{"url":"http://127.0.0.1/2"}\n'],
    ['a JSON file over several lines', '{\n  "name": "x"\n}\n'],
    ['text', 'hello'],
    ['text after blank lines', '\n\nhello\n'],
    ['bytes', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])],
    ['UTF-16', Buffer.from('{"v":1}\n', 'utf16le')],
  ])('is refused if it holds %s, and is not changed', async (_, content) => {
    const path = newPath()
    writeFileSync(path, content)
    expect(await refusal(path)).toMatch(/run\.jsonl" is not a run file: .*left as it is; give the path/)
    expect(readFileSync(path)).toEqual(Buffer.from(content))
    expect(statSync(path).size).toBe(Buffer.from(content).length)
    expect(existsSync(`${path}.lock`)).toBe(false)
  })
})
