/** For a flag of another program, preq suggests its own flag that does the same. */
import { expect, test } from 'vitest'
import { readArgs } from '../../src/cli/args.ts'
import { adviceFor } from '../../src/config/names.ts'
import { OPTION_NAMES } from '../../src/config/table.ts'

const said = (...flags: string[]): string => {
  const args = readArgs(['http://127.0.0.1/', ...flags])
  return args.mode === 'usage' ? args.text : args.mode
}

test.each([
  ['--retry', 'Use --retries N.'],
  ['--max-time', "Use --timeout TIME, as '10s'."],
  ['-m', "Use --timeout TIME, as '10s'."],
  ['--jobs', 'Use -c N.'],
  ['-j', 'Use -c N.'],
  ['--data', 'Use --json TEXT, --form NAME=VALUE or --body TEXT; @FILE reads a file.'],
  ['--data-urlencode', 'Use --form NAME=VALUE, or --param NAME=VALUE for the query.'],
  ['-u', 'Use --auth USER:PASSWORD.'],
  ['-L', 'Leave it out: redirects are followed, unless --no-follow is given.'],
  ['--credentials', 'Use --auth USER:PASSWORD, --bearer TOKEN or --cookie NAME=VALUE.'],
  ['--redirect', 'Leave it out: redirects are followed, unless --no-follow is given.'],
  ['--limit-rate', 'Use --rate N/s for requests per second. Bytes per second cannot be limited.'],
  ['--schema', 'Schemas are an option of the library; --select PATH warns if no value has that part.'],
  ['-R', "Did you mean '-r'?"],
  ['--retires', "Did you mean '--retries'?"],
  ['--verison', "Did you mean '--version'?"],
])('preq suggests its own flag for %s, which is misspelt or belongs to another program', (flag, advice) => {
  expect(said(flag, '3')).toBe(`preq: unknown option '${flag}'. ${advice} See preq --help.\n`)
})

test('preq suggests nothing for an unknown letter', () => {
  for (const flag of ['-y', '-z', '-B', '-N']) {
    expect(said(flag)).toBe(`preq: unknown option '${flag}'. See preq --help.\n`)
  }
})

test.each([
  ['redirect', "Use 'followRedirects'."],
  ['credentials', "Use 'auth' or 'cookies'."],
  ['maxTime', "Use 'timeout'."],
  ['jobs', "Use 'concurrency'."],
  ['data', "Use 'json', 'form' or 'body'."],
])('preq suggests its own option for %s of fetch or curl', (name, advice) => {
  expect(adviceFor(name, ['json', 'form', 'body', ...OPTION_NAMES])).toBe(advice)
})
