/** Outputs that fail: every counted row is there, no row is incomplete, and other outputs are not affected. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { SinkError, csv, jsonLines } from '../../src/sinks/index.ts'
import { ConfigError } from '../../src/index.ts'
import { freshFolder, okOutcome, runProgram, writeTo } from './outcomes.ts'
import { covers } from '../support/hostile/record.ts'
import { expectFigure } from '../support/figure.ts'

const onLinux = process.platform === 'linux'

describe('a full disk', () => {
  it.runIf(onLinux)('rejects the write, every later write and the close', async () => {
    const sink = jsonLines('/dev/full')
    const first = await Promise.resolve(sink.write(okOutcome(0, 'x'))).catch((error: unknown) => error)
    expect(first).toBeInstanceOf(SinkError)
    expect(first).toMatchObject({ code: 'ENOSPC', rows: 0 })
    expect(String(first)).toBe(
      'SinkError: cannot write /dev/full after 0 rows: no space left on device (ENOSPC). Make room on the disk, or write elsewhere.',
    )
    await expect(sink.write(okOutcome(1, 'x'))).rejects.toBe(first)
    await expect(sink.close()).rejects.toBe(first)
  })

  // A limit on the size of files breaks a write in the middle of a line, as a full disk does.
  const LIMITED = `trap '' XFSZ; ulimit -f 200; exec $NODE`
  const WRITE_UNTIL_FULL = `
    const kept = []
    let failure
    for (let index = 0; failure === undefined && index < 20_000; index += 50) {
      const batch = Array.from({ length: 50 }, (_, more) => index + more)
      const settled = await Promise.allSettled(batch.map(each => sink.write(outcome(each, 'x'.repeat(100)))))
      settled.forEach(({ status, reason }, at) => status === 'fulfilled' ? kept.push(batch[at]) : (failure = reason))
    }
    const later = await sink.write(outcome(99_999, 'x')).catch(error => error)
    const closed = await Promise.resolve(sink.close()).catch(error => error)
    console.log(JSON.stringify({ kept, code: failure?.code, name: failure?.name, rows: failure?.rows, same: later === failure && closed === failure }))
  `

  it.runIf(onLinux).each([
    ['jsonLines', `const sink = jsonLines('out')`, 'EFBIG'],
    ['csv', `const sink = csv('out')`, 'EFBIG'],
    ['sqlite', `const sink = sqlite('out')`, /^(?:ENOSPC|EIO)$/],
  ])('leaves %s with all counted rows and no partial one', async (name, make, code) => {
    const dir = freshFolder()
    const { stdout, stderr, status } = await runProgram(make + WRITE_UNTIL_FULL, LIMITED, dir)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const told = JSON.parse(stdout) as { kept: number[]; code: string; rows: number }
    expect(told).toMatchObject({ name: 'SinkError', same: true, rows: told.kept.length })
    expect(told.code).toMatch(code)
    expect(told.kept.length).toBeGreaterThan(20)
    const path = join(dir, 'out')
    if (name === 'sqlite') {
      const database = new DatabaseSync(path)
      const rows = database.prepare('SELECT "index" FROM results ORDER BY 1').all()
      database.close()
      expect(rows.map(row => row['index'])).toEqual(told.kept)
      return
    }
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    if (name === 'csv') lines.shift()
    const indexes = lines.map(line =>
      name === 'csv' ? Number(line.split(',')[0]) : (JSON.parse(line) as { index: number }).index,
    )
    expect(indexes).toEqual(told.kept)
    covers(import.meta.url, {
      row: 116,
      name: 'no space left for the output',
      outcome: '`SinkError`; every row that was counted is whole on the disk',
      retry: '–',
      socket: '–',
    })
  })

  it.runIf(onLinux)('leaves a folder without the file that did not fit', async () => {
    const dir = freshFolder()
    const program = `
      const sink = folder('out')
      await sink.write(outcome(0, 'small'))
      const failure = await sink.write(outcome(1, 'x'.repeat(1_000_000))).catch(error => error)
      const later = await sink.write(outcome(2, 'small')).catch(error => error)
      const closed = await sink.close().catch(error => error)
      console.log(failure.name, failure.code, later === failure, closed === failure)
    `
    const { stdout, stderr } = await runProgram(program, LIMITED, dir)
    expect(stderr).toBe('')
    expect(stdout).toBe('SinkError EFBIG true true\n')
    expect(readdirSync(join(dir, 'out')).toSorted()).toEqual(['0.txt', 'errors.jsonl'])
  })
})

describe('a reader that goes away', () => {
  it.each(['process.stdout', `'/dev/stdout'`])('gives EPIPE for %s, without a stack trace', async target => {
    const program = `
      const sink = jsonLines(${target})
      let failure
      for (let index = 0; failure === undefined && index < 100_000; index += 100) {
        const batch = Array.from({ length: 100 }, (_, more) => outcome(index + more, 'x'.repeat(500)))
        await Promise.all(batch.map(each => sink.write(each))).catch(error => (failure = error))
      }
      const closed = await sink.close().catch(error => error)
      console.error(failure.name, failure.code, closed === failure)
    `
    const { stdout, stderr } = await runProgram(program, '$NODE | head -n 2')
    expect(stderr).toBe('SinkError EPIPE true\n')
    expect(stdout.trimEnd().split('\n')).toHaveLength(2)
  })
})

describe('a stream passed by the caller', () => {
  /** Takes a chunk when it is told to. */
  function handStream() {
    const waiting: { bytes: number; done: (error?: Error) => void }[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        waiting.push({ bytes: chunk.length, done })
      },
    })
    return { stream, waiting }
  }
  const turn = (): Promise<void> => new Promise(done => setImmediate(done))

  it('gets one chunk at a time, and rows are counted once it has taken them', async () => {
    const { stream, waiting } = handStream()
    const sink = jsonLines(stream)
    let kept = 0
    const write = (index: number): Promise<unknown> =>
      Promise.resolve(sink.write(okOutcome(index, 'x'))).then(() => kept++)
    const writes = [write(0)]
    await turn()
    for (let index = 1; index < 500; index++) {
      writes.push(write(index))
      await turn()
    }
    expect(waiting).toHaveLength(1)
    expect(stream.writableLength).toBe(waiting[0]?.bytes)
    expect(kept).toBe(0)
    waiting[0]?.done()
    await turn()
    await turn()
    expect(kept).toBe(1)
    expect(waiting).toHaveLength(2)
    waiting[1]?.done()
    await Promise.all(writes)
    expect(kept).toBe(500)
    await sink.close()
  })

  it('that takes 10 KB per second slows the writer down to that rate and holds no more than its window', async () => {
    const perSecond = 10_000
    let taken = 0
    const stream = new Writable({
      highWaterMark: 1_000,
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length
        setTimeout(done, (chunk.length / perSecond) * 1_000)
      },
    })
    const sink = jsonLines(stream)
    const windowSize = 5
    let next = 0
    let most = 0
    const startedAt = performance.now()
    const lane = async (): Promise<void> => {
      while (next < 50) {
        await sink.write(okOutcome(next++, 'x'.repeat(50)))
        most = Math.max(most, stream.writableLength)
      }
    }
    await Promise.all(Array.from({ length: windowSize }, lane))
    await sink.close()
    const ms = performance.now() - startedAt
    expectFigure(ms).toBeGreaterThan((taken / perSecond) * 1_000 * 0.9)
    expect(most).toBeLessThan(windowSize * 300)
    covers(import.meta.url, {
      row: 120,
      name: 'a sink that takes 10 KB/s',
      outcome: 'the run slows down to it, in constant memory',
      retry: '–',
      socket: '–',
    })
  })

  it('is waited for when another writer has filled it', async () => {
    const { stream, waiting } = handStream()
    const sink = jsonLines(stream)
    let kept = false
    const written = writeTo(sink, okOutcome(0, 'x')).then(() => (kept = true))
    await turn()
    stream.write('x'.repeat(100_000))
    waiting[0]?.done()
    await turn()
    await turn()
    expect(stream.writableNeedDrain).toBe(true)
    expect(kept).toBe(false)
    waiting[1]?.done()
    await written
    await sink.close()
  })

  it('is not ended, and keeps no listeners of ours', async () => {
    const stream = new PassThrough()
    stream.resume()
    const before = stream.eventNames().map(name => [name, stream.listenerCount(name)])
    const sink = csv(stream)
    await sink.write(okOutcome(0, 'x'))
    await sink.close()
    expect(stream.writableEnded).toBe(false)
    expect(stream.eventNames().map(name => [name, stream.listenerCount(name)])).toEqual(before)
  })

  it('that fails while idle keeps its error code, and its error does not end the process', async () => {
    const { stream } = handStream()
    const sink = jsonLines(stream)
    const error = Object.assign(new Error('EIO: the cable'), { code: 'EIO' })
    stream.destroy(error)
    await new Promise(done => stream.once('close', done))
    await expect(sink.write(okOutcome(0, 'x'))).rejects.toMatchObject({ code: 'EIO', cause: error })
    await expect(sink.close()).rejects.toMatchObject({ code: 'EIO' })
    // Our listeners are gone by now.
    expect(() => stream.emit('error', error)).not.toThrow()
  })

  it('that is closed while it holds rows rejects them', async () => {
    const { stream } = handStream()
    const sink = jsonLines(stream)
    const written = sink.write(okOutcome(0, 'x'))
    const waiting = turn().then(() => sink.write(okOutcome(1, 'y')))
    await turn()
    stream.destroy()
    await expect(written).rejects.toMatchObject({ name: 'SinkError' })
    await expect(waiting).rejects.toMatchObject({ name: 'SinkError' })
    await expect(sink.close()).rejects.toMatchObject({ name: 'SinkError' })
  })

  it('that has ended is refused at once, and so are options for files', () => {
    const stream = new PassThrough()
    expect(() => jsonLines(stream, { append: true })).toThrow(ConfigError)
    stream.end()
    expect(() => jsonLines(stream)).toThrow('expected a stream that is open, got one that has ended')
  })

  it('that fails under writes that are not awaited is reported by close() alone', async () => {
    const program = `
      const { Writable } = await import('node:stream')
      const stream = new Writable({ write: (chunk, encoding, done) => done(Object.assign(new Error('no'), { code: 'ENOSPC' })) })
      const sink = jsonLines(stream)
      for (let index = 0; index < 10; index++) void sink.write(outcome(index, 'x'))
      await new Promise(done => setTimeout(done, 20))
      void sink.write(outcome(11, 'x'))
      console.log(await sink.close().catch(error => error.code))
    `
    expect(await runProgram(program)).toEqual({ status: 0, stdout: 'ENOSPC\n', stderr: '' })
  })
})
