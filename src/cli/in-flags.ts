/** What the library says of its options, in the words of the command line. */

const WORDS: readonly (readonly [ofLibrary: string, ofFlags: string])[] = [
  ['See retry.budget, Infinity as its reserve for none', 'See --retry-share and --retry-reserve, none for no limit'],
  ['Move it away, or save elsewhere', 'Add --overwrite, or --resume to the run that saved it'],
  ['retry.maxRetryAfter', '--max-retry-after'],
]

export const inFlags = (text: string): string =>
  WORDS.reduce((said, [ofLibrary, ofFlags]) => said.replaceAll(ofLibrary, ofFlags), text)
