/**
 * Outputs that another process deletes, moves or truncates during a run, and what is under a name until its file is
 * complete.
 */
import {
  chmodSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { csv, jsonLines, sqlite } from '../../src/sinks/index.ts'
import type { Sink } from '../../src/sinks/index.ts'
import { freshFolder, okOutcome } from './outcomes.ts'

const onPosix = process.platform !== 'win32'

const SINKS: Readonly<Record<string, (path: string, options?: { overwrite: boolean }) => Sink>> = {
  jsonLines: (path, options) => jsonLines(path, options),
  csv: (path, options) => csv(path, { columns: ['index', 'value'], ...options }),
  sqlite: (path, options) => sqlite(path, options),
}

/** What another process does to an output while it is written. */
const DEEDS: Readonly<Record<string, (path: string) => void>> = {
  deleted: path => rmSync(path),
  moved: path => renameSync(path, `${path}.away`),
  cut: path => truncateSync(path, 0),
}

async function failureOf(sink: Sink, from: number): Promise<unknown> {
  try {
    await sink.write(okOutcome(from, 'x'))
    await sink.close()
    return undefined
  } catch (error) {
    await Promise.resolve(sink.close()).catch(() => undefined)
    return error
  }
}

describe.runIf(onPosix)('an output that is being written', () => {
  for (const [name, make] of Object.entries(SINKS)) {
    it.each(Object.keys(DEEDS))(`of ${name} fails with ESTALE when another process has it %s`, async deed => {
      for (const isLast of [false, true]) {
        const path = join(freshFolder(), 'out')
        const sink = make(path)
        // More than SQLite keeps in its log: truncating the file does not harm rows that are still in the log.
        for (let more = 0; more < 30; more++) await sink.write(okOutcome(100 + more, 'x'.repeat(100_000)))
        DEEDS[deed]?.(path)
        // At the next row, and at the end if there is none.
        const failure = isLast
          ? await Promise.resolve(sink.close()).catch((error: unknown) => error)
          : await failureOf(sink, 1)
        expect(failure).toMatchObject({ name: 'SinkError', code: 'ESTALE' })
      }
    })
  }

  it.runIf(process.platform === 'linux')('reports where its rows are, and saves those of a deleted file', async () => {
    const folder = freshFolder()
    const [deleted, moved] = [join(folder, 'deleted.jsonl'), join(folder, 'moved.jsonl')]
    for (const [path, deed] of [
      [deleted, 'deleted'],
      [moved, 'moved'],
    ] as const) {
      const sink = jsonLines(path)
      await sink.write(okOutcome(0, 'x'))
      DEEDS[deed]?.(path)
      const { message } = (await failureOf(sink, 1)) as Error
      const [, where = ''] = /(?:copied to|is in) (\S+)\.(?: |$)/.exec(message) ?? []
      expect(readFileSync(where, 'utf8')).toMatch(/^\{"index":0/)
    }
  })

  it('has no zeros in place of what was truncated', async () => {
    const path = join(freshFolder(), 'out')
    const sink = jsonLines(path)
    await sink.write(okOutcome(0, 'x'))
    truncateSync(path, 3)
    await failureOf(sink, 1)
    expect(readFileSync(path, 'utf8')).toBe('{"i')
  })
})

describe('an output that replaces a file', () => {
  it.each(['jsonLines', 'csv'])('leaves the file unchanged until %s has closed the new one', async name => {
    const folder = freshFolder()
    const path = join(folder, 'out')
    writeFileSync(path, 'old')
    if (onPosix) chmodSync(path, 0o640)
    const sink = SINKS[name]?.(path, { overwrite: true }) as Sink
    await sink.write(okOutcome(0, 'new'))
    expect(readFileSync(path, 'utf8')).toBe('old')
    await sink.close()
    expect(readFileSync(path, 'utf8')).toContain('new')
    expect(readdirSync(folder)).toEqual(['out'])
    if (onPosix) expect(statSync(path).mode & 0o777).toBe(0o640)
  })

  it.runIf(onPosix)('is written neither through a link nor into a file at its temporary name', async () => {
    const folder = freshFolder()
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'precious')
    for (const place of ['a', 'b']) writeFileSync(join(folder, place), 'old')
    symlinkSync(victim, join(folder, 'a.part'))
    writeFileSync(join(folder, 'b.part'), 'mine')
    for (const place of ['a', 'b']) {
      const sink = jsonLines(join(folder, place), { overwrite: true })
      await sink.write(okOutcome(0, 'new'))
      await sink.close()
      expect(readFileSync(join(folder, place), 'utf8')).toContain('new')
    }
    expect(readFileSync(victim, 'utf8')).toBe('precious')
    expect(readFileSync(join(folder, 'b.part'), 'utf8')).toBe('mine')
    expect(readdirSync(folder).toSorted()).toEqual(['a', 'a.part', 'b', 'b.part', 'victim'])
  })

  it.runIf(onPosix)('leaves the file in place when the new one was taken away, and fails', async () => {
    const folder = freshFolder()
    const path = join(folder, 'out')
    writeFileSync(path, 'old')
    const sink = jsonLines(path, { overwrite: true })
    await sink.write(okOutcome(0, 'new'))
    rmSync(`${path}.part`)
    await expect(Promise.resolve(sink.close())).rejects.toMatchObject({ code: 'ESTALE' })
    expect(readFileSync(path, 'utf8')).toBe('old')
  })
})
