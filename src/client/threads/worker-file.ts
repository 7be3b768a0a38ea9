/**
 * Finds the modules of worker threads: beside this one, in the source, the build, or a bundle that has them as entries.
 * A problem is reported before anything is sent.
 */
import { ConfigError } from '../../core/error.ts'
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { problem } from '../../core/problem.ts'

/** A bundle in CommonJS has no `import.meta.url`; there `__filename` is the bundle. */
const OWN_FILE = typeof import.meta.url === 'string' ? fileURLToPath(import.meta.url) : __filename

/**
 * @param subject what needs the thread: the message begins with it
 * @throws ConfigError if the file is missing, or the process may not start threads
 */
export function workerFile(name: 'sync-worker' | 'wire-worker', subject: string): string {
  // Node's permission model; other runtimes have no such object.
  const { permission } = process as { readonly permission?: { has(scope: string): boolean } }
  if (permission !== undefined && !permission.has('worker')) {
    throw new ConfigError([
      problem(
        subject,
        'to be allowed to start worker threads',
        'a process without that permission',
        'Start it with --allow-worker.',
      ),
    ])
  }
  const file = join(dirname(OWN_FILE), `${name}${extname(OWN_FILE)}`)
  if (existsSync(file)) return file
  throw new ConfigError([
    problem(
      subject,
      `${basename(file)} beside ${OWN_FILE}`,
      'no such file',
      `Make dist/${name}.js of parallel-requests an entry of the bundle, too, or keep the package out of it (docs/bundling.md).`,
    ),
  ])
}
