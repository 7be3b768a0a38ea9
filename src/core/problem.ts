/**
 * What is wrong with what a caller gave, or what the system refused to do for it. Data until it is said, so that the
 * library and the command line can each name their own options in it.
 */
import { joined, say, spokenHere } from './words.ts'
import type { Vocabulary, Words } from './words.ts'

/** A value that is not what was expected. */
export interface Mismatch {
  /** The option or field: `retry.maxRetryAfter`, `urls[3].body`; on a command line the flag as it was given. */
  readonly subject: string
  /** Completes "expected …". */
  readonly expected: Words
  /** Completes "got …". */
  readonly got: Words
  /** Whole sentences on what to do; empty where there is nothing to add. */
  readonly remedy: Words
}

export const problem = (subject: string, expected: Words, got: Words, remedy: Words): Mismatch => ({
  subject,
  expected,
  got,
  remedy,
})

/** Something that the system refused: `cannot write results.csv: no space left on device`. */
export interface SystemFailure {
  /** Completes "cannot …". */
  readonly cannot: Words
  readonly because: string
  /** As of a Mismatch. */
  readonly remedy?: Words
}

/** Text is said as it is: it names no option. */
export type Problem = Mismatch | SystemFailure | string

/** As one sentence, and the remedy behind it. The subject is a field of a request, which every vocabulary calls alike. */
export function wordsOf(wrong: Problem): Words {
  if (typeof wrong === 'string') return wrong
  if ('cannot' in wrong) return joined('cannot ', wrong.cannot, `: ${wrong.because}.`, spaced(wrong.remedy ?? ''))
  const { subject, expected, got, remedy } = wrong
  return joined(`${subject}: expected `, expected, ', got ', got, '.', spaced(remedy))
}

/** THE function that says a problem: the subject is an option, which the vocabulary may call otherwise. */
export function sayProblem(wrong: Problem, words: Vocabulary = spokenHere()): string {
  if (typeof wrong === 'string' || 'cannot' in wrong) return say(wordsOf(wrong), words)
  return say(wordsOf({ ...wrong, subject: words.subject(wrong.subject) }), words)
}

/** Those of one request, in one sentence after the other. */
export const wordsOfAll = (problems: readonly Problem[]): Words =>
  joined(...problems.flatMap((one, index) => (index === 0 ? [wordsOf(one)] : [' ', wordsOf(one)])))

const spaced = (words: Words): Words => (words === '' || words.length === 0 ? '' : joined(' ', words))
