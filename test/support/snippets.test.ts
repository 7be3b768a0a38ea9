import { describe, expect, it } from 'vitest'
import { fencesOf, printed, snippetsOf } from './snippets.ts'

const program = (line: number, language: string, code: string) => ({
  line,
  language,
  code,
  runs: true,
  needs: [],
  exit: 0,
})

const markdown = [
  'Text',
  '```ts',
  'const a = 1',
  '```',
  '```sh needs=curl,jq exit=3',
  'npm start',
  '```',
  '```ts continues',
  'console.log(a)',
  '```',
  '```text prints',
  '1',
  '```',
  '```ts no-run',
  'const b = 2',
  '```',
  '```csv file=rows.csv',
  'id',
  '```',
  '```text prints',
  'of no program',
  '```',
].join('\n')

describe('snippetsOf', () => {
  it('joins continued programs, adds what they print, and marks those that do not run', () => {
    expect(snippetsOf(markdown, ['ts'])).toEqual([
      { ...program(2, 'ts', 'const a = 1\n\nconsole.log(a)\n'), prints: '1\n' },
      { ...program(14, 'ts', 'const b = 2\n'), runs: false },
    ])
  })

  it('reads the commands that a program needs and its exit code', () => {
    expect(snippetsOf(markdown, ['sh'])).toEqual([
      { ...program(5, 'sh', 'npm start\n'), needs: ['curl', 'jq'], exit: 3 },
    ])
  })
})

describe('fencesOf', () => {
  it('finds the files of a page', () => {
    expect(fencesOf(markdown).flatMap(({ file, code }) => (file === undefined ? [] : [[file, code]]))).toEqual([
      ['rows.csv', 'id\n'],
    ])
  })
})

describe('printed', () => {
  it('matches the whole text, with any text in place of an ellipsis', () => {
    expect('[1] took 12 ms').toMatch(printed('[1] took … ms\n'))
    expect('[1] took 12 ms, and more').not.toMatch(printed('[1] took … ms'))
    expect('1 took 12 ms').not.toMatch(printed('[1] took … ms'))
  })
})
