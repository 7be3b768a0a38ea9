/** The meaning of braces, for every place × every kind of input × every kind of content. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openJobs } from '../../../src/cli/input/jobs.ts'
import type { Job, Place } from '../../../src/cli/input/jobs.ts'
import { planRun } from '../../../src/cli/run-plan.ts'
import type { InputPlan } from '../../../src/cli/run-plan.ts'
import { UsageError } from '../../../src/cli/usage-error.ts'
import { Unusable } from '../../../src/config/unusable.ts'

const folder = mkdtempSync(join(tmpdir(), 'preq-template-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const NOTHING: InputPlan = {
  urls: ['http://h/'],
  files: [],
  format: undefined,
  delimiter: undefined,
  encoding: undefined,
  maxLine: 2 ** 20,
  limit: undefined,
  method: undefined,
  headers: [],
  params: [],
  body: undefined,
  auth: undefined,
  key: undefined,
  cost: [],
  checksum: undefined,
  limitKey: undefined,
  name: undefined,
  returnType: undefined,
  constants: [],
  allowEmpty: false,
}

const place = ({ meta }: Job): Place => meta ?? { file: undefined, line: 0 }

/** Every place for a text with braces: how to set it, and how to read the result. */
const PLACES: Readonly<Record<string, { put: (text: string) => Partial<InputPlan>; got: (job: Job) => unknown }>> = {
  URL: { put: text => ({ urls: [`http://h/${text}`] }), got: ({ url }) => String(url).slice('http://h/'.length) },
  header: {
    put: text => ({ headers: [['x-a', text]] }),
    got: ({ headers }) => (headers as readonly (readonly string[])[])[0]?.[1],
  },
  param: { put: text => ({ params: [['a', text]] }), got: ({ params }) => (params as Record<string, unknown>)['a'] },
  form: {
    put: text => ({ body: { kind: 'form', fields: [['a', text]] } }),
    got: ({ form }) => (form as Record<string, unknown>)['a'],
  },
  body: { put: text => ({ body: { kind: 'text', text } }), got: ({ body }) => body },
  name: { put: text => ({ name: text }), got: job => place(job).name },
  key: { put: text => ({ key: text }), got: ({ key }) => key },
}

/** Input with a column that varies, so that no two requests are equal. */
const ROW = { id: '7', 'Customer ID': 'c d', 'dc:identifier': 'urn', '5" disk': 'q', 'a,b': 'comma', __proto__x: 'p' }
const cells = (values: readonly string[]): string => values.map(cell => `"${cell.replaceAll('"', '""')}"`).join(',')
const INPUTS = {
  csv: ['rows.csv', `${cells(Object.keys(ROW))}\n${cells(Object.values(ROW))}\n`],
  jsonl: ['rows.jsonl', `${JSON.stringify(ROW)}\n`],
  list: ['rows.txt', 'seven\n'],
} as const

/** The filled text, `exit 2` or `row fails: DETAIL`; after `named:` the braces that preq reports as sent unchanged. */
async function outcome(where: string, input: keyof typeof INPUTS | 'none', text: string): Promise<unknown> {
  const { put, got } = PLACES[where] as (typeof PLACES)[string]
  const plan: InputPlan = { ...NOTHING, ...put(text) }
  if (input === 'none') return first({ ...plan })
  const [file, content] = INPUTS[input]
  const path = join(folder, file)
  writeFileSync(path, content)
  // A column in the URL, so that every row makes a different request.
  const cell = input === 'list' ? '{line}' : '{id}'
  const varied = plan.params.length > 0 ? { headers: [['x-v', cell] as const] } : { params: [['v', cell] as const] }
  return first({ ...plan, ...varied, files: [path] })

  async function first(all: InputPlan): Promise<unknown> {
    try {
      const jobs = await openJobs(all)
      for await (const job of jobs) {
        jobs.close()
        if (job instanceof Unusable) return `row fails: ${job.detail}`
        const filled = got(job)
        return jobs.sentAsIs.length === 0 ? filled : `${String(filled)} named: ${jobs.sentAsIs.join()}`
      }
      return 'nothing'
    } catch (error) {
      if (error instanceof UsageError) return 'exit 2'
      throw error
    }
  }
}

interface Case {
  readonly kind: string
  readonly text: string
  /** The result in every place except the URL and the body. */
  readonly csv: string
  readonly jsonl: string
  readonly body: { readonly csv: string; readonly jsonl: string }
  readonly url: { readonly csv: string; readonly jsonl: string }
}

const always = (csv: string, jsonl = csv) => ({ csv, jsonl })
const FAILS = 'row fails: template'

const filled = (kind: string, text: string, to: string, inUrl: string): Case => ({
  kind,
  text,
  ...always(to),
  body: always(to),
  url: always(inUrl),
})

const CASES: readonly Case[] = [
  filled('a column', '<{id}>', '<7>', '%3C7%3E'),
  filled('a column with a blank', '{Customer ID}', 'c d', 'c%20d'),
  filled('a column with a colon', '{dc:identifier}', 'urn', 'urn'),
  filled('a column with a quote', '{5" disk}', 'q', 'q'),
  filled('a column with a comma', '{a,b}', 'comma', 'comma'),
  filled('a column named like a member of objects', '{__proto__x}', 'p', 'p'),
  filled('a doubled column', '{{id}}-{id}', '{id}-7', '%7Bid%7D-7'),
  filled('a doubled column with a blank', '{{Customer ID}}-{id}', '{Customer ID}-7', '%7BCustomer%20ID%7D-7'),
  filled('a doubled name that is not a column', '{{other}}-{id}', '{other}-7', '%7Bother%7D-7'),
  {
    kind: 'a misspelt column',
    text: '{idd}',
    ...always('exit 2', FAILS),
    body: always('exit 2', FAILS),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'a misspelt column with a blank',
    text: '{customer id}',
    ...always('exit 2', FAILS),
    body: always('exit 2', FAILS),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'a name unlike any column',
    text: '{other}-{id}',
    ...always('exit 2', FAILS),
    body: always('{other}-7 named: --body: {other}', FAILS),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'the name of an inherited member',
    text: '{toString}-{id}',
    ...always('exit 2', FAILS),
    body: always('{toString}-7 named: --body: {toString}', FAILS),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'JSON',
    text: '{"n": "x"}-{id}',
    ...always('{"n": "x"}-7'),
    body: always('{"n": "x"}-7'),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'GraphQL',
    text: '{ viewer }-{id}',
    ...always('{ viewer }-7'),
    body: always('{ viewer }-7'),
    url: always('exit 2', FAILS),
  },
  {
    kind: 'a list of fields',
    text: '{login,email}-{id}',
    ...always('exit 2', FAILS),
    body: always('{login,email}-7'),
    url: always('exit 2', FAILS),
  },
  { kind: 'empty braces', text: '{}-{id}', ...always('{}-7'), body: always('{}-7'), url: always('exit 2') },
  { kind: 'an open brace', text: '{-{id}', ...always('{-7'), body: always('{-7'), url: always('exit 2') },
]

describe.each(['csv', 'jsonl'] as const)('With rows of %s,', input => {
  describe.each(Object.keys(PLACES))('in a %s,', where => {
    test.each(CASES)('braces with $kind are read as documented', async ({ text, body, url, ...others }) => {
      const expected = where === 'URL' ? url : where === 'body' ? body : others
      expect(await outcome(where, input, text)).toBe(expected[input])
    })
  })
})

const others = Object.keys(PLACES).filter(where => where !== 'URL' && where !== 'body')

describe('With a list of lines,', () => {
  test.each(Object.keys(PLACES))('braces in a %s have one column, {line}', async where => {
    expect(await outcome(where, 'list', '{line}')).toBe('seven')
    expect(await outcome(where, 'list', '{{line}}{line}')).toBe(where === 'URL' ? '%7Bline%7Dseven' : '{line}seven')
    expect(await outcome(where, 'list', '{lines}')).toBe('exit 2')
    expect(await outcome(where, 'list', '{id}{line}')).toBe(
      where === 'body' ? '{id}seven named: --body: {id}' : 'exit 2',
    )
  })
})

describe('Without rows,', () => {
  test.each(['header', 'param', 'form', 'body'])('braces in a %s are text', async where => {
    for (const text of ['{id}', '{{id}}', '{"a":1}']) expect(await outcome(where, 'none', text)).toBe(text)
  })

  test.each(['URL', 'name', 'key'])('a {column} in a %s is refused', async where => {
    expect(await outcome(where, 'none', '{id}')).toBe('exit 2')
  })

  test('a range in a URL is expanded, and a doubled range is text', async () => {
    expect(await outcome('URL', 'none', '{1..2}{{1..2}}')).toBe('1%7B1..2%7D')
  })
})

describe('With lines of JSON that are requests,', () => {
  const linesOfRequests = async (plan: Partial<InputPlan>): Promise<unknown> => {
    const path = join(folder, 'requests.jsonl')
    writeFileSync(path, '{"url":"http://h/a"}\n')
    try {
      const jobs = await openJobs({ ...NOTHING, urls: [], ...plan, files: [path] })
      for await (const job of jobs) return [job, jobs.sentAsIs]
    } catch (error) {
      return error instanceof UsageError ? error.message : error
    }
    return undefined
  }

  test.each(others)('a {column} in a %s is refused', async where => {
    const { put } = PLACES[where] as (typeof PLACES)[string]
    expect(await linesOfRequests(put('{id}'))).toContain('expected a URL with {columns} beside -i')
  })

  test.each(others.filter(where => where !== 'key'))('doubled braces and JSON in a %s are text', async where => {
    const { put, got } = PLACES[where] as (typeof PLACES)[string]
    const [job] = (await linesOfRequests(put('{{id}} {"a":1}'))) as [Job]
    expect(got(job)).toBe('{id} {"a":1}')
  })

  test('braces in a body are sent unchanged and reported', async () => {
    const body = { kind: 'json', text: '{"query":"{viewer{login}}"}' } as const
    expect(await linesOfRequests({ body })).toEqual([
      expect.objectContaining({ json: { query: '{viewer{login}}' } }),
      ['--json: {login}'],
    ])
  })
})

describe('A column with a blank, which only some lines of JSON have,', () => {
  test.each(others)('fails the lines without it: in a %s', async where => {
    const { put, got } = PLACES[where] as (typeof PLACES)[string]
    const path = join(folder, 'some.jsonl')
    writeFileSync(path, '{"Customer ID":"c"}\n{"id":1}\n')
    const jobs = await openJobs({ ...NOTHING, ...put('{Customer ID}'), files: [path] })
    const found: unknown[] = []
    for await (const job of jobs) found.push(job instanceof Unusable ? job.detail : got(job))
    expect(found).toEqual(where === 'name' ? expect.anything() : ['c', 'template'])
  })
})

describe('A text that must be the same for all rows', () => {
  test.each(['csv', 'jsonl'] as const)(
    'is refused if it has a column of %s, and the message does not show its value',
    async input => {
      const [file, content] = INPUTS[input]
      const path = join(folder, file)
      writeFileSync(path, content)
      const constants = [{ flag: '--bearer', text: 's3cr3t-{id}', remedy: 'Write it as -H.' }]
      const plan: InputPlan = { ...NOTHING, urls: ['http://h/{id}'], files: [path], constants }
      const why = '--bearer: expected a text for all rows, got the column {id}. Write it as -H.'
      if (input === 'csv') return expect(openJobs(plan)).rejects.toThrow(why)
      for await (const job of await openJobs(plan))
        expect(job).toMatchObject({ detail: 'template', problem: `${path}:1: ${why}` })
    },
  )
})

test.each([
  ['auth', '{id}:x'],
  ['bearer', '{id}'],
  ['cookie', 'sid={id}'],
  ['user-agent', 'a/{id}'],
  ['base-url', 'http://h/{id}'],
] as const)('--%s refuses a column and says which flag takes one', async (flag, text) => {
  const path = join(folder, 'constants.csv')
  writeFileSync(path, 'id\n1\n')
  const { input } = planRun(
    ['http://h/{id}'],
    [
      ['input', path],
      [flag, text],
    ],
    {},
  )
  await expect(openJobs(input)).rejects.toThrow(`--${flag}: expected a text for all rows, got the column {id}. Write `)
})
