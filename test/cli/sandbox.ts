/**
 * Runs the built `preq` in a folder of its own: inside this process (`preq`), or in one of its own (`startPreq`) for a
 * test about signals, pipes, terminals or the end of the process. All of it goes away with the test.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams, StdioOptions } from 'node:child_process'
import { accessSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canRunInProcess, runInProcess } from './in-process.ts'

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
// `npm test` builds it. To run a single file, run `npm run build` first.
accessSync(MAIN)

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly finished: Promise<Finished>
  /** Resolves when stdout and stderr together match. */
  says(what: RegExp): Promise<void>
}

export interface PreqOptions {
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Standard input as text, which ends. Default empty. */
  readonly stdin?: string
}

export interface StartOptions {
  /** Default: the folder of the sandbox. */
  readonly cwd?: string
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** `nothing` is /dev/null, as under cron. Default: a pipe that the test ends. */
  readonly stdin?: 'nothing'
}

/** @param onTestFinished of the test; a concurrent test gets it from its context */
export function sandbox(onTestFinished: (undo: () => void) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'preq-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const start = (
    command: string,
    args: readonly string[],
    { cwd = folder, env, stdin }: StartOptions = {},
  ): Running => {
    const options = { cwd, env: { ...plainEnv(), ...env } }
    const child = (
      stdin === undefined ? spawn(command, args, options) : spawn(command, args, { ...options, stdio: NOTHING })
    ) as ChildProcessWithoutNullStreams
    onTestFinished(() => void child.kill('SIGKILL'))
    return watch(child)
  }
  const startPreq = (args: readonly string[], options?: StartOptions): Running =>
    start(process.execPath, [MAIN, ...args], options)
  const preq = (args: readonly string[], { env, stdin = '' }: PreqOptions = {}): Promise<Finished> => {
    if (canRunInProcess(env)) {
      return runInProcess({ main: MAIN, args, cwd: folder, env: { ...plainEnv(), ...env }, stdin })
    }
    const { child, finished } = startPreq(args, env === undefined ? {} : { env })
    child.stdin.end(stdin)
    return finished
  }
  return { folder, start, startPreq, preq }
}

const NOTHING: StdioOptions = ['ignore', 'pipe', 'pipe']

function watch(child: ChildProcessWithoutNullStreams): Running {
  let stdout = ''
  let stderr = ''
  let waiting: (() => void) | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    waiting?.()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    waiting?.()
  })
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
  })
  const says = (what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting = () => {
        if (what.test(stdout + stderr)) resolve()
      }
      waiting()
      const tooLate = ({ code }: Finished): void =>
        reject(new Error(`ended with ${code} before it said ${what}:\n${stdout}${stderr}`))
      finished.then(tooLate, reject)
    })
  return { child, finished, says }
}

/** The environment without variables that force coloured output. */
function plainEnv(): NodeJS.ProcessEnv {
  const { CI: _0, FORCE_COLOR: _1, NO_COLOR: _2, NODE_DISABLE_COLORS: _3, ...env } = process.env
  return { ...env, TERM: 'xterm-256color' }
}
