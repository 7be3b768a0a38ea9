/** Which test files run when (vitest.config.ts). A file that no list names is in `npm test`, in a shared process. */

/** Too long for every run of `npm test`: whole matrices, other programs, other runtimes, packages as consumers see them. */
export const REST = [
  'test/**/*.rest.test.ts',
  'test/components/**/*.test.ts',
  'test/differential/**/*.test.ts',
  'test/examples.test.ts',
  'test/hostile/**/*.test.ts',
  'test/package/**/*.test.ts',
  'test/cli/curl/commands.test.ts',
  'test/cli/enrich.test.ts',
]

/** Run in `npm test` with a few runs each, and in `npm run test:rest` with all. */
export const PROPERTIES = ['test/properties/**/*.test.ts']

/** A process of their own: they change what belongs to the process, or judge all of it. */
export const ALONE: string[] = []
