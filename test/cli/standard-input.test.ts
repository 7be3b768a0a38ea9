/** `preq` reads standard input if no other input is given, and says what to do if nothing is piped into it. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { sandbox } from './sandbox.ts'
import { workplace } from './workplace.ts'

describe('Standard input, without URLs and -i', () => {
  test.each([
    ['a pipe of URLs', `printf 'URL/a\\nURL/b\\n' | preq -o r.jsonl`],
    ['a pipe, and no word at all', `printf 'URL/a\\nURL/b\\n' | preq > r.jsonl`],
    ['a file', `preq -o r.jsonl < urls.txt`],
    ['columns of a template', `printf 'id\\na\\nb\\n' | preq 'URL/{id}' --format csv -o r.jsonl`],
    ['rows of a file', `preq 'URL/{+line}' -o r.jsonl < ids.txt`],
    ['the template of a pasted command', `preq --curl 'curl URL/{line}' -o r.jsonl < ids.txt`],
  ])('is read as with -i -: %s', async (_what, line) => {
    const { shell, server, write, linesIn } = await workplace()
    write('urls.txt', 'URL/a\nURL/b\n')
    write('ids.txt', 'a\nb\n')
    const { code } = await shell(line).finished
    expect([code, server.requests.map(({ url }) => url).toSorted()]).toEqual([0, ['/a', '/b']])
    expect(linesIn('r.jsonl')).toHaveLength(2)
  })

  test('is read by preq plan, and may be a socket', async () => {
    const { run } = await workplace()
    const { code, stdout } = await run(['plan'], { stdin: 'URL/a\nURL/b\n' })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^2 requests/)])
  })

  test('that is empty gives no requests, as with -i -', async () => {
    const { run } = await workplace()
    expect(await run(['-q'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('is not read if there are URLs, because it may belong to a shell loop', async () => {
    const { shell, server } = await workplace()
    const loop = `printf 'a\\nb\\nc\\n' | while read -r id; do preq "URL/$id" -q > /dev/null; done`
    expect((await shell(loop).finished).code).toBe(0)
    expect(server.requests.map(({ url }) => url)).toEqual(['/a', '/b', '/c'])
  })

  test('has no columns unless its format is given', async () => {
    const { run } = await workplace()
    const { code, stderr } = await run(['URL/{id}'], { stdin: 'id\n1\n' })
    expect(code).toBe(2)
    expect(stderr).toContain('expected one of the columns line, got {id}. Add --format csv or jsonl if standard input')
  })
})

describe('Without any input', () => {
  test.each([
    ['/dev/null', '< /dev/null'],
    ['nothing at all', '<&-'],
  ])('a run ends at once and says what to do: %s', async (_what, from) => {
    const { shell } = await workplace()
    const helped = await shell(`preq ${from}`).finished
    expect([helped.code, helped.stdout]).toEqual([2, ''])
    expect(helped.stderr).toMatch(/^Usage: preq /m)
    for (const command of ['preq -q', 'preq plan']) {
      const { code, stdout, stderr } = await shell(`${command} ${from}`).finished
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('expected URLs, -i FILE, --curl, or a file or pipe on standard input, got none of them.')
    }
    const { code, stderr } = await shell(`preq 'URL/{id}' ${from}`).finished
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected rows of -i FILE or of standard input')])
  })

  test('a run ends at once if its parent process gives it no standard input', async () => {
    const { code, stderr } = await sandbox(onTestFinished).startPreq(['-v'], { stdin: 'nothing' }).finished
    expect([code, stderr]).toEqual([2, expect.stringContaining('got none of them')])
  })
})
