/**
 * Loads tough-cookie for a client with a cookie file: the client's constructor reads the file and cannot await an
 * import. Bundlers do not see this call, so a bundle needs the package installed next to it.
 */
// By its default export: the usual banner of esbuild's ESM bundles declares `createRequire` itself.
import nodeModule from 'node:module'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'
import { problem } from '../core/problem.ts'

/**
 * @throws ConfigError if the package is not installed
 */
export function toughCookie(): typeof import('tough-cookie') {
  // A CommonJS bundle has no `import.meta.url`; there `__filename` is the bundle.
  const from = typeof import.meta.url === 'string' ? import.meta.url : __filename
  try {
    return nodeModule.createRequire(from)('tough-cookie') as typeof import('tough-cookie')
  } catch (error) {
    throw new ConfigError([
      problem(
        'cookieFile',
        `the package tough-cookie to be installed beside ${from}`,
        reasonOf(error).split('\n', 1)[0] ?? '',
        'Install it there: a bundle does not contain it (docs/bundling.md).',
      ),
    ])
  }
}
