/** One contender with one shape in a fresh process, and what that process cost. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Figures } from './figures.ts'
import { PROGRAMS } from './programs.ts'
import { shapeOf, urlsOf } from './shapes.ts'

const run = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export interface Work {
  readonly contender: string
  readonly shape: string
  readonly requests: number
  /** Requests before the measurement begins. Default 3,000. */
  readonly warmUp?: number
}

const WARM_UP = 3_000

/** `ports` is what server.ts has sent. Rejects if the contender fails. */
export async function sample({ contender, shape, requests, warmUp = WARM_UP }: Work, ports: string): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'peers-'))
  const least = Math.min(warmUp, requests)
  try {
    const program = PROGRAMS.find(({ name }) => name === contender)
    if (program !== undefined) {
      return program.run({ urls: urlsOf(shapeOf(shape), ports, requests), warmUp: least, folder })
    }
    const args = [here('one.ts'), contender, shape, ports, String(requests), String(least)]
    // The certificate is verified, which not all contenders can be told to do with an option.
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: here('../../test/fixtures/tls/ca.pem'), NODE_NO_WARNINGS: '1' }
    const { stdout } = await run(process.execPath, args, { cwd: folder, env })
    return JSON.parse(stdout) as Figures
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
