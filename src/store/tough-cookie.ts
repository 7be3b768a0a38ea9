/**
 * tough-cookie, loaded when a client has a cookie file: its constructor reads the file at once, and cannot wait for an
 * import. A bundler does not see this, so in a bundle the package must lie beside it.
 */
// By its default export: the usual banner of esbuild's ESM bundles declares `createRequire` itself.
import nodeModule from 'node:module'
import { reasonOf } from '../core/callback.ts'
import { ConfigError } from '../core/error.ts'

/** @throws ConfigError where the package is not there */
export function toughCookie(): typeof import('tough-cookie') {
  // A bundle in CommonJS has no `import.meta.url`; there `__filename` is the bundle.
  const from = typeof import.meta.url === 'string' ? import.meta.url : __filename
  try {
    return nodeModule.createRequire(from)('tough-cookie') as typeof import('tough-cookie')
  } catch (error) {
    throw new ConfigError([
      `cookieFile: expected the package tough-cookie to be installed beside ${from}, got ${reasonOf(error).split('\n', 1)[0]}. ` +
        'Install it there: a bundle does not contain it (docs/bundling.md).',
    ])
  }
}
