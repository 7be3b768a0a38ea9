/** Words of the command line that are to be URLs: what can be none is said before anything is sent. */
import { printableUrl } from '../../core/url.ts'
import type { Problem } from '../../core/problem.ts'

/** @param hasBase relative ones are URLs, too */
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
    // What has columns or a range is judged when they are filled in.
    return word.includes('{') || URL.canParse(word) ? undefined : `URL: ${EXPECTED}, got ${shown(word)}. Mend it.`
  }
  // A column with the whole URL, or its beginning.
  if (word.startsWith('{')) return undefined
  // No dot, no port: no host that anybody has but this machine.
  if (/^[\w-]+$/.test(word) && word !== 'localhost') return `URL: ${EXPECTED}, got '${word}'. See preq --help.`
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(word)?.[1]
  if (scheme !== undefined) return `URL: expected http: or https:, got '${scheme}:'. Other schemes are not fetched.`
  if (word.startsWith('/')) return `URL: ${EXPECTED}, got ${shown(word)}. Say with --base-url what it is relative to.`
  return `URL: ${EXPECTED}, got ${shown(word)}. Did you mean ${shown(`http://${word}`)}?`
}

const shown = (word: string): string => `'${printableUrl(word)}'`
