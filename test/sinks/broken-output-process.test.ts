/** Outputs that fail for a whole process: a limit on the size of its files, and a pipe whose reader goes away. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { freshFolder, runProgram } from './outcomes.ts'
import { covers } from '../support/hostile/record.ts'

const onLinux = process.platform === 'linux'

describe('a full disk', () => {
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
      outcome: '`SinkError`; every row that was counted is complete on the disk',
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
