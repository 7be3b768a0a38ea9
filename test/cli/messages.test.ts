/** Messages use the vocabulary of the command line: names of flags, and no JavaScript. */
import { describe, expect, test } from 'vitest'
import { workplace } from './workplace.ts'

describe('A message', () => {
  test.each([
    ['--rate 10', `--rate: expected a rate such as '10/s', '100/m' or '1/5s', got "10". Did you mean '10/s'?`],
    ['--rate none', 'Leave it out for no limit.'],
    ['--host-limit x=y', "--host-limit: expected a rate such as '10/s'"],
    ['--max-bytes 10', `--max-bytes: expected a size such as '64MiB', got "10". Did you mean '10B'?`],
    ['--retries=-1', `--retries: expected an integer ≥ 0, got "-1". Use 0 for none, 'none' for no limit.`],
    ['--workers 1.5', '--workers: expected an integer ≥ 0, got 1.5. Use 0 to send from the calling thread.'],
    ['--max-redirects x', '--max-redirects: expected an integer ≥ 0, got "x". Set --no-follow to follow none.'],
    ['--order foo', `--order: expected one of 'completed', 'input', got "foo". Write one of them.`],
    ['--as ndjson', 'got "ndjson". A row holds a whole body: use --as text for the lines of one.'],
    ['--as file', 'got "file". Use --save FOLDER.'],
    ['--durability power', '--durability: expected --resume beside it, got none. Set --resume.'],
    ['--proxy foo', '--proxy: expected the URL of a proxy'],
    [
      '--max-concurrency 5',
      '--max-concurrency: expected --concurrency auto beside it, got none. For a fixed number set --concurrency alone.',
    ],
    ['--rate 10/s --rate-burst 50', '--rate-burst: expected an integer from 1 to the limit (10)'],
    ['--proxy-selection random', '--proxy-selection: expected several --proxy or --proxy-file beside it'],
    ['--base-url ftp://x', '--base-url: expected an absolute http: or https: URL'],
    ['-i none.csv', 'cannot read -i none.csv: no such file or directory (ENOENT).'],
  ])('names flags instead of options: %s', async (args, why) => {
    const { run, server } = await workplace()
    const { code, stderr } = await run([args.startsWith('-i') ? 'URL/{id}' : 'URL/a', ...args.split(' ')])
    expect([code, server.requests]).toEqual([2, []])
    expect(stderr).toContain(why)
    expect(stderr).not.toMatch(/Infinity|quotes|new URL|\{ limit/)
  })

  test('of a failed request names flags instead of options', async () => {
    const { run, write } = await workplace()
    write('urls.txt', 'nothing\n')
    expect((await run(['-i', 'urls.txt'])).stderr).toContain("Write 'https://…' or set --base-url.")
    expect((await run(['plan', '-i', 'urls.txt'])).stdout).toContain("Write 'https://…' or set --base-url.")
    expect((await run(['URL/a', '--max-bytes', '5B'])).stderr).toContain('Raise --max-bytes if that is intended')
    expect((await run(['URL/a', '--block-private-addresses'])).stderr).toContain(
      'Set --no-block-private-addresses to allow it',
    )
    // In data files as well as on standard error.
    expect((await run(['URL/a', '--max-bytes', '5B'])).stdout).toContain('Raise --max-bytes if that is intended')
    write('rows.jsonl', '{"a\n')
    expect((await run(['-i', 'rows.jsonl'])).stderr).toMatch(/^rows\.jsonl:1: (?!.*line 1)/m)
  })

  test('reports a misspelt PREQ_ variable, but not the variables of other programs', async () => {
    const { run } = await workplace()
    const { code, stderr } = await run(['URL/a'], { env: { PREQ_CONCURENCY: '1' } })
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(
        "PREQ_CONCURENCY: expected the variable of a flag, got an unknown one. Did you mean 'PREQ_CONCURRENCY'?",
      ),
    ])
    expect((await run(['URL/a'], { env: { PREQ_SOMETHING_ELSE: '1' } })).code).toBe(0)
  })

  test('does not appear if --proxy none overrides the proxy of preq.json', async () => {
    const { run, write } = await workplace()
    write('preq.json', '{"proxy": "http://127.0.0.1:1"}')
    expect((await run(['URL/a', '--retries', '0'])).code).toBe(1)
    expect((await run(['URL/a', '--proxy', 'none'])).code).toBe(0)
  })
})
