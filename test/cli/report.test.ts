/** `preq report`: formats by the extension of the file, and what it refuses. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { api } from './api.ts'
import { sandbox } from './sandbox.ts'
import { done, failed } from '../report/lines.ts'

function workplace(): ReturnType<typeof sandbox> {
  const place = sandbox(onTestFinished)
  writeFileSync(join(place.folder, 'run.jsonl'), [done(0), failed(1)].join(''))
  return place
}

describe('preq report', () => {
  test('prints a text, of the file of a run', async () => {
    await using server = await api()
    const { preq } = sandbox(onTestFinished)
    await preq([`${server.origin}/{1..3}`, '-o', 'run.jsonl', '-q'])
    const { code, stdout, stderr } = await preq(['report', 'run.jsonl'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('All 3 requests succeeded.')
  })

  test.each([
    ['report.txt', /^Report of run\.jsonl\n/],
    ['report.md', /^# Report of run\.jsonl\n/],
    ['report.JSON', /^\{\n {2}"version": 1/],
    ['report.csv', /^section,name,measure,value\n/],
  ])('writes %s', async (name, content) => {
    const { folder, preq } = workplace()
    expect(await preq(['report', 'run.jsonl', '-o', name])).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(folder, name), 'utf8')).toMatch(content)
  })

  test('writes the format of --format whatever the name', async () => {
    const { preq } = workplace()
    expect((await preq(['report', 'run.jsonl', '--format', 'csv'])).stdout).toMatch(/^section,/)
    expect((await preq(['report', '--format=json', 'run.jsonl', '-o', 'x.y'])).code).toBe(0)
  })

  test('replaces a file with --overwrite only', async () => {
    const { folder, preq } = workplace()
    writeFileSync(join(folder, 'a.md'), 'mine')
    const refused = await preq(['report', 'run.jsonl', '-o', 'a.md'])
    expect([refused.code, refused.stderr]).toEqual([
      74,
      'preq: cannot write -o a.md: it exists (EEXIST). Set --overwrite to replace it, or choose another path.\n',
    ])
    expect(readFileSync(join(folder, 'a.md'), 'utf8')).toBe('mine')
    await preq(['report', 'run.jsonl', '-o', 'a.md', '--overwrite'])
    expect(readFileSync(join(folder, 'a.md'), 'utf8')).toContain('# Report')
  })

  test('compares two runs', async () => {
    const { folder, preq } = workplace()
    writeFileSync(join(folder, 'after.jsonl'), [failed(0), failed(1)].join(''))
    const { code, stdout } = await preq(['report', 'run.jsonl', 'after.jsonl'])
    expect([code, stdout.split('\n\n').slice(0, 2)]).toEqual([
      0,
      ['run.jsonl and after.jsonl compared', '1 request that was ok now fails, and 0 that failed are ok now.'],
    ])
  })

  test('writes a HAR, alone or beside a report', async () => {
    const { folder, preq } = workplace()
    expect(await preq(['report', 'run.jsonl', '--har', 'run.har'])).toEqual({ code: 0, stdout: '', stderr: '' })
    const { log } = JSON.parse(readFileSync(join(folder, 'run.har'), 'utf8')) as { log: { entries: unknown[] } }
    expect(log.entries).toHaveLength(2)
    const again = await preq(['report', 'run.jsonl', '--har', 'run.har'])
    expect([again.code, again.stderr]).toEqual([74, expect.stringContaining('cannot write --har run.har: it exists')])
    const both = ['report', 'run.jsonl', '--har', 'run.har', '--bodies', '--overwrite', '--format', 'text']
    expect((await preq(both)).stdout).toContain('Report of run.jsonl')
    expect(readFileSync(join(folder, 'run.har'), 'utf8')).toContain('"text":"{\\"index\\":0}"')
  })

  test.each([
    [['report'], "missing required argument 'files'"],
    [['report', 'none.jsonl'], 'cannot read "none.jsonl": no such file or directory (ENOENT).'],
    [['report', 'run.jsonl', '-o', 'x.pdf'], '-o x.pdf: expected a name with .html'],
    [['report', 'run.jsonl', '--format', 'jsn'], "got 'jsn'. Did you mean 'json'?"],
    [['report', 'run.jsonl', '--rate', '3/s'], '--rate is a flag of a run. See preq report --help.'],
    [['report', 'run.jsonl', '-o', 'a.md', '-o', 'b.md'], 'expected one --output, got several.'],
    [['report', 'run.jsonl', '--format', 'text', '-o', './run.jsonl'], 'expected another file than the run file'],
    [['report', 'run.jsonl', 'run.jsonl', 'run.jsonl'], 'expected one run file, or two to compare, got 3.'],
    [['report', 'run.jsonl', 'run.jsonl', '--har', 'a.har'], '--har: expected one run file beside it, got two.'],
    [['report', 'run.jsonl', '--bodies'], '--bodies: expected --har FILE beside it, got none.'],
    [['report', 'run.jsonl', '--har', 'run.jsonl'], '--har run.jsonl: expected another file than the run file'],
    [['report', 'run.jsonl', '--frmat', 'text'], "Did you mean '--format'?"],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await workplace().preq(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})
