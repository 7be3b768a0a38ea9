/**
 * A mistake in the input of a caller, or an operation that the system refused. It is data until it is printed, so that
 * the library and the command line can each use their own names of options.
 */
import { joined, say, spokenHere } from './words.ts'
import type { Vocabulary, Words } from './words.ts'

/** A value that is not what was expected. */
export interface Mismatch {
  /** The option or field: `retry.maxRetryAfter`, `urls[3].body`; on a command line the flag as it was typed. */
  readonly subject: string
  /** Completes "expected …". */
  readonly expected: Words
  /** Completes "got …". */
  readonly got: Words
  /** Whole sentences on what to do; empty if there is nothing to add. */
  readonly remedy: Words
}

export const problem = (subject: string, expected: Words, got: Words, remedy: Words): Mismatch => ({
  subject,
  expected,
  got,
  remedy,
})

/** An operation that the system refused: `cannot write results.csv: no space left on device`. */
export interface SystemFailure {
  /** Completes "cannot …". */
  readonly cannot: Words
  readonly because: string
  /** As in a Mismatch. */
  readonly remedy?: Words
}

/** A string is printed unchanged: it names no option. */
export type Problem = Mismatch | SystemFailure | string

/**
 * The problem as one sentence, and its remedy. Its subject is a field of a request, which has the same name everywhere.
 */
export function wordsOf(wrong: Problem): Words {
  if (typeof wrong === 'string') return wrong
  if ('cannot' in wrong) return joined('cannot ', wrong.cannot, `: ${wrong.because}.`, spaced(wrong.remedy ?? ''))
  const { subject, expected, got, remedy } = wrong
  return joined(`${subject}: expected `, expected, ', got ', got, '.', spaced(remedy))
}

/** The only function that prints a problem: its subject is an option, which the vocabulary may rename. */
export function sayProblem(wrong: Problem, words: Vocabulary = spokenHere()): string {
  if (typeof wrong === 'string' || 'cannot' in wrong) return say(wordsOf(wrong), words)
  return say(wordsOf({ ...wrong, subject: words.subject(wrong.subject) }), words)
}

/** The problems of one request, one sentence after the other. */
export const wordsOfAll = (problems: readonly Problem[]): Words =>
  joined(...problems.flatMap((one, index) => (index === 0 ? [wordsOf(one)] : [' ', wordsOf(one)])))

const spaced = (words: Words): Words => (words === '' || words.length === 0 ? '' : joined(' ', words))
