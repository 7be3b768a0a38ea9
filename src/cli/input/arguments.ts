/** Checks the URLs of the command line, so that a wrong one is reported before anything is sent. */
import { existsSync, statSync } from 'node:fs'
import { printableUrl } from '../../core/url.ts'
import { shellWord } from '../shell-word.ts'
import type { Problem } from '../../core/problem.ts'

/** @param hasBase whether `--base-url` is given, so that relative URLs are valid */
export function checkArguments(words: readonly string[], hasBase: boolean, problems: Problem[]): void {
  if (hasBase) return
  for (const word of words) {
    const problem = problemOf(word)
    if (problem !== undefined) problems.push(problem)
  }
}

const EXPECTED = "expected a URL such as 'https://api.example.com/a'"

function problemOf(word: string): string | undefined {
  if (/^https?:/i.test(word)) {
    // A URL with columns or a range is checked after they are filled in.
    return word.includes('{') || URL.canParse(word)
      ? undefined
      : `URL: ${EXPECTED}, got ${quotedWord(word)}. Correct it.`
  }
  // The column may hold the whole URL or its beginning.
  if (word.startsWith('{')) return undefined
  // A word that is too long for a name does not exist.
  if (existsSync(word) && statSync(word).isFile()) {
    return `URL: ${EXPECTED}, got the file ${quotedWord(word)}. Write it as -i ${shellWord(word)}.`
  }
  // Without a dot and a port, a word is a mistyped command or file rather than a host; localhost is the exception.
  if (/^[\w-]+$/.test(word) && word !== 'localhost') return `URL: ${EXPECTED}, got '${word}'. See preq --help.`
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(word)?.[1]
  if (scheme !== undefined) return `URL: expected http: or https:, got '${scheme}:'. Other schemes are not fetched.`
  if (word.startsWith('/'))
    return `URL: ${EXPECTED}, got ${quotedWord(word)}. Give the base of relative URLs with --base-url.`
  return `URL: ${EXPECTED}, got ${quotedWord(word)}. Did you mean ${quotedWord(`http://${word}`)}?`
}

const quotedWord = (word: string): string => `'${printableUrl(word)}'`
