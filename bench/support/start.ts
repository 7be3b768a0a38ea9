/** The import of a library and its first request, in a fresh process. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Library = 'undici' | 'parallel-requests'

export interface Start {
  readonly wallMs: number
  readonly cpuMs: number
  readonly rssMb: number
}

const program = fileURLToPath(new URL('./first-request.ts', import.meta.url))
const built = new URL('../../dist/index.js', import.meta.url).href

/** Starts one process. Throws if it fails. */
export function start(library: Library, url: string): Start {
  const way = library === 'undici' ? library : built
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, way, url], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`first request failed, is dist/ built? ${stderr}`)
  return JSON.parse(stdout) as Start
}
