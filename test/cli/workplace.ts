/** `preq` in a temporary folder, with a server that echoes. `URL` in arguments and files is the server's origin. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { MAIN, sandbox } from './sandbox.ts'
import type { Running } from './sandbox.ts'
import { echoServer } from '../support/echo-server.ts'
import type { EchoServer, Respond } from '../support/echo-server.ts'

export interface Line {
  readonly index: number
  readonly key?: string
  readonly ok: boolean
  readonly status?: number
  readonly value?: unknown
  readonly attempts: number
  readonly url: string
  readonly error?: { readonly code: string; readonly message: string; readonly body?: string }
}

export interface Done {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Lines of standard output, sorted by index. */
  readonly lines: readonly Line[]
}

export interface Workplace {
  readonly server: EchoServer
  readonly file: (name: string) => string
  readonly text: (name: string) => string
  readonly write: (name: string, content: string) => void
  /** The JSON lines of requests. */
  readonly linesIn: (name: string) => Line[]
  readonly start: (args: readonly string[], env?: NodeJS.ProcessEnv) => Running
  /** To its end, with this on standard input; inside this process (in-process.ts). */
  readonly run: (args: readonly string[], more?: { env?: NodeJS.ProcessEnv; stdin?: string }) => Promise<Done>
  /** Runs a bash script in which `preq` is the built binary. */
  readonly shell: (script: string) => Running
}

export async function workplace(respond?: Respond): Promise<Workplace> {
  const server = await echoServer(respond)
  const { folder, preq, startPreq, start } = sandbox(onTestFinished)
  const file = (name: string): string => join(folder, name)
  const filled = (text: string): string => text.replaceAll('URL', server.url)
  const begin = (args: readonly string[], env?: NodeJS.ProcessEnv): Running =>
    startPreq(args.map(filled), env === undefined ? {} : { env })
  return {
    server,
    file,
    text: name => readFileSync(file(name), 'utf8'),
    write: (name, content) => writeFileSync(file(name), filled(content)),
    linesIn: name => linesOf(readFileSync(file(name), 'utf8')),
    start: begin,
    async run(args, { env, stdin = '' } = {}) {
      const done = await preq(args.map(filled), { env, stdin: filled(stdin) })
      return {
        ...done,
        get lines() {
          return done.stdout.startsWith('{') ? linesOf(done.stdout) : []
        },
      }
    },
    shell: script => start('bash', ['-c', `preq() { '${process.execPath}' '${MAIN}' "$@"; }\n${filled(script)}`]),
  }
}

const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line)
    .filter(line => !('salt' in line || 'run' in line || 'pause' in line))
    .toSorted((a, b) => a.index - b.index)

/** `ok` or the error code of each line. */
export const endsOf = (lines: readonly Line[]): string[] =>
  lines.map(({ ok, error }) => (ok ? 'ok' : (error?.code ?? '')))
