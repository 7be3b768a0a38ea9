/** The tables of docs/coming-from name only options and flags that exist, and leave out none of the Python original. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OPTION_NAMES } from '../../src/config/table.ts'

/** The rows of the tables below a heading, as cells. */
function rowsOf(page: string, heading: string): string[][] {
  const text = readFileSync(`docs/coming-from/${page}.md`, 'utf8')
  const section = text.slice(text.indexOf(`\n## ${heading}\n`)).split('\n## ')[1] ?? ''
  return section
    .split('\n')
    .filter(line => line.startsWith('| '))
    .slice(1)
    .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim()))
}

const codeOf = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** What the client and the request of the Python original take. */
const PYTHON =
  `backend concurrency max_retries rate_limit rate_limit_burst http2 impersonate follow_redirects verify_ssl
  timeout cookies random_user_agent random_proxy proxies proxy_selection proxy_cooldown webshare_file headers debug verbose
  return_none_on_failure urls method params data json proxy return_type parse_func stream_callback progress
  progress_callback keys`.split(/\s+/)

test('the page for the Python original has a row for each of its options', () => {
  const names = new Set(rowsOf('python', 'Options').flatMap(([, python]) => codeOf(python)))
  expect(PYTHON.filter(name => !names.has(name))).toEqual([])
})

test('the page for the Python original names only options that exist', () => {
  const names = rowsOf('python', 'Options').flatMap(([, , , here]) =>
    codeOf(here).map(code => /^\w+/.exec(code)?.[0] ?? code),
  )
  expect(names.length).toBeGreaterThan(PYTHON.length - 5)
  expect(names.filter(name => name !== 'urls' && !OPTION_NAMES.some(option => option === name))).toEqual([])
})

test.each(['curl-xargs', 'qsv'])('the page %s names only flags of preq that exist', page => {
  const known = readFileSync('docs/reference/flags.md', 'utf8')
  const flags = rowsOf(page, 'Flags').flatMap(([, , preq]) => preq?.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [])
  expect(flags.length).toBeGreaterThan(8)
  expect(flags.filter(flag => !new RegExp(`\`(?:-\\w, )?${flag}[ \`]`).test(known))).toEqual([])
})
