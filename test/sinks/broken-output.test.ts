/** Outputs that fail: every counted row is there, no row is incomplete, and other outputs are not affected. */
import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { SinkError, csv, jsonLines } from '../../src/sinks/index.ts'
import { ConfigError } from '../../src/index.ts'
import { okOutcome, writeTo } from './outcomes.ts'
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
      outcome: 'the run slows down to that speed, in constant memory',
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
    expect(() => jsonLines(stream)).toThrow('expected an open stream, got one that has ended')
  })
})
