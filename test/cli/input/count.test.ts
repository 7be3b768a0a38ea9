/** The background count of an input, compared with the requests that the run reads from it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { countInput } from '../../../src/cli/input/count.ts'
import { openJobs } from '../../../src/cli/input/jobs.ts'
import { limited } from '../../../src/cli/input/limited.ts'
import { planRun } from '../../../src/cli/run-plan.ts'
import type { InputPlan } from '../../../src/cli/run-plan.ts'
import type { GivenFlags } from '../../../src/cli/settings.ts'
import { fc } from '../../support/property.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'preq-count-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const planOf = (urls: readonly string[], flags: GivenFlags): InputPlan => planRun(urls, flags, {}).input

async function read(plan: InputPlan): Promise<number> {
  let count = 0
  for await (const _ of limited(await openJobs(plan), plan.limit)) count++
  return count
}

async function counted(plan: InputPlan): Promise<ReturnType<typeof countInput>['total']> {
  const counter = countInput(plan, 0)
  await expect.poll(() => counter.total, { interval: 1 }).toBeDefined()
  counter.stop()
  return counter.total
}

const URL_TEMPLATE = 'http://a.test/{id}'

describe('the count of an input', () => {
  test('is that of the rows of a CSV file, whatever is in them', async () => {
    const folder = newFolder()
    const cell = fc.oneof(
      fc.constantFrom('', ' ', 'a', '"a\nb"', '"x ""y"" z"', '"a,b"', '#', '"', 'é', '1'),
      fc.string({ maxLength: 5 }).filter(text => !text.includes('\0')),
    )
    const row = fc.oneof(
      fc.constantFrom('', '   ', '1,2'),
      fc.array(cell, { minLength: 1, maxLength: 3 }).map(cells => cells.join(',')),
    )
    const end = fc.constantFrom('\n', '\r\n', '\r')
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), end, fc.boolean(), async (rows, lineEnd, isEnded) => {
        const path = join(folder, 'in.csv')
        writeFileSync(path, ['id,name', ...rows].join(lineEnd) + (isEnded ? lineEnd : ''))
        const plan = planOf([URL_TEMPLATE], [['input', path]])
        const requests = await read(plan).catch(() => undefined)
        // An input that ends with an error has no total.
        if (requests !== undefined) expect(await counted(plan)).toMatchObject({ requests })
      }),
      { numRuns: 60 },
    )
  })

  test('is that of the lines of a list: blank ones and comments aside, with their ranges', async () => {
    const folder = newFolder()
    const line = fc.constantFrom(
      'http://a.test/',
      '',
      '  ',
      '# note',
      ' # note',
      'a/{1..3} # {1..9}',
      'x#y',
      'a/{5..1..2}/{1..2}',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async lines => {
        const path = join(folder, 'in.txt')
        writeFileSync(path, lines.join('\n'))
        const plan = planOf([], [['input', path]])
        expect(await counted(plan)).toEqual({ requests: await read(plan), isAbout: false })
      }),
      { numRuns: 60 },
    )
  })

  test.each<[string, string, string[], GivenFlags, boolean]>([
    ['JSON lines', '{"url":"http://a.test/1"}\n\n  \nno json\n"http://a.test/2"\n', [], [['format', 'jsonl']], false],
    ['rows of JSON', '{"id":1}\n{"id":2}\n', [URL_TEMPLATE], [['format', 'jsonl']], false],
    ['several requests per row', 'id\n1\n2\n', ['http://a.test/{1..3}/{id}'], [['format', 'csv']], true],
    [
      'a line that is too long',
      `id\n1\n`,
      [URL_TEMPLATE],
      [
        ['format', 'csv'],
        ['max-line', '20B'],
      ],
      false,
    ],
    [
      '--limit',
      'id\n1\n2\n3\n',
      [URL_TEMPLATE],
      [
        ['format', 'csv'],
        ['limit', '2'],
      ],
      false,
    ],
    [
      'a limit that is not reached',
      'id\n1\n2\n3\n',
      [URL_TEMPLATE],
      [
        ['format', 'csv'],
        ['limit', '9'],
      ],
      false,
    ],
    ['a header alone', 'id\n', [URL_TEMPLATE], [['format', 'csv']], false],
  ])('agrees with what is read of %s', async (_, text, urls, flags, isAbout) => {
    const path = join(newFolder(), 'in')
    writeFileSync(path, text)
    const plan = planOf(urls, [['input', path], ...flags])
    expect(await counted(plan)).toEqual({ requests: await read(plan), isAbout })
  })

  test('goes through several files, and through compressed ones', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'a.csv'), 'id\n1\n2\n')
    writeFileSync(join(folder, 'b.csv.gz'), gzipSync('id\n3\n'))
    const plan = planOf(
      [URL_TEMPLATE],
      [
        ['input', join(folder, 'a.csv')],
        ['input', join(folder, 'b.csv.gz')],
      ],
    )
    expect(await counted(plan)).toEqual({ requests: 3, isAbout: false })
  })

  test('is unknown for standard input, a pipe, and a file that is gone by then', async () => {
    const folder = newFolder()
    const pipe = join(folder, 'pipe.csv')
    execFileSync('mkfifo', [pipe])
    for (const file of ['-', pipe, join(folder, 'none.csv')]) {
      const counter = countInput({ ...planOf([URL_TEMPLATE], [['input', 'x.csv']]), files: [file] }, 0)
      await new Promise(resolve => setTimeout(resolve, 20))
      expect(counter.total).toBeUndefined()
      counter.stop()
    }
  })

  test('may be stopped at any time', async () => {
    const path = join(newFolder(), 'in.csv')
    writeFileSync(path, `id\n${'1\n'.repeat(200_000)}`)
    for (const afterMs of [0, 1, 5]) {
      const counter = countInput(planOf([URL_TEMPLATE], [['input', path]]), 0)
      await new Promise(resolve => setTimeout(resolve, afterMs))
      counter.stop()
      counter.stop()
      expect(counter.total).toBeUndefined()
    }
  })
})
