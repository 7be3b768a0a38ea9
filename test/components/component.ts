/**
 * Real servers and proxies as child processes: each with its own port and folder, ended by its pid. `.ci/components`
 * installs them. Tests of a missing one are skipped, and counted.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithFile } from '../support/end-with-file.ts'

/** Folders with servers that a user's PATH may lack. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', '/usr/bin']

/** The path of a program, if it is installed. */
export function pathOf(program: string): string | undefined {
  return FOLDERS.map(folder => join(folder, program)).find(path => existsSync(path))
}

/** For `describe.skipIf`: true if a program is missing. */
export const isMissing = (...programs: readonly string[]): boolean =>
  programs.some(program => pathOf(program) === undefined)

/**
 * A port without a listener, below the range that the system assigns to connections: the next connection of any test
 * could take one of those before the component listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_240 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const isFree = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise(resolve => server.close(resolve))
    return port
  }
}

export interface Component {
  readonly port: number
  readonly origin: string
  readonly folder: string
  readonly process: ChildProcess
  /** The text that it has printed. */
  readonly output: string
  signal(name: NodeJS.Signals): void
  /** Ends the process and waits for its end. Its folder stays. */
  stop(name?: NodeJS.Signals): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface ComponentPlan {
  readonly program: string
  /** The arguments, and the files that it needs, by name. Both functions get the folder and the port. */
  readonly args: (folder: string, port: number) => readonly string[]
  readonly files?: (folder: string, port: number) => Readonly<Record<string, string | Uint8Array>>
  readonly env?: Readonly<Record<string, string>>
  readonly scheme?: 'http' | 'https'
  readonly port?: number
}

/** Starts a component and waits until it accepts connections. */
export async function start({
  program,
  args,
  files,
  env,
  scheme = 'http',
  port: given,
}: ComponentPlan): Promise<Component> {
  const path = pathOf(program)
  if (path === undefined) throw new Error(`expected ${program} to be installed`)
  const folder = mkdtempSync(join(tmpdir(), `component-${program}-`))
  // When started as root, some of them switch to another user.
  chmodSync(folder, 0o777)
  const port = given ?? (await freePort())
  for (const [name, content] of Object.entries(files?.(folder, port) ?? {})) writeFileSync(join(folder, name), content)
  const child = spawn(path, args(folder, port), {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithFile(child)
  let output = ''
  for (const pipe of [child.stdout, child.stderr])
    pipe.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-20_000)))
  child.on('error', error => (output += String(error)))
  const ended = once(child, 'exit')
  const stop = async (name: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(name)
    const patience = setTimeout(() => child.kill('SIGKILL'), 4_000)
    await ended
    clearTimeout(patience)
  }
  await untilListening(port, () => child.exitCode === null && child.signalCode === null).catch(async error => {
    await stop('SIGKILL')
    throw new Error(`${program} did not start: ${output}`, { cause: error })
  })
  return {
    port,
    origin: `${scheme}://127.0.0.1:${port}`,
    folder,
    process: child,
    get output() {
      return output
    },
    signal: name => void child.kill(name),
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

async function untilListening(port: number, isAlive: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 60_000; performance.now() < endMs;) {
    if (!isAlive()) throw new Error('it ended')
    if (await isListening(port)) return
    await new Promise(resolve => setTimeout(resolve, 25))
  }
  throw new Error('it takes no connections')
}

function isListening(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const answer = (yes: boolean) => (): void => {
      socket.destroy()
      resolve(yes)
    }
    socket.on('connect', answer(true)).on('error', answer(false))
  })
}
