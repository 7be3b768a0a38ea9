/**
 * Runs the built `preq` inside this process: a process of its own costs a third of a second of CPU time, and most tests
 * only ask what a run prints, sends and writes. What belongs to the process is replaced while the run lasts: arguments,
 * environment, folder, standard streams, exit. A test about signals, pipes, terminals or the end of the process starts
 * a real one (`start` of workplace.ts).
 */
import { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { Finished } from './sandbox.ts'

export interface InProcess {
  readonly main: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly stdin: string
}

const REPLACED = ['argv', 'env', 'stdin', 'stdout', 'stderr', 'exit'] as const
const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'warning', 'exit', 'beforeExit'] as const

let isRunning = false
let count = 0

/** These are read by Node or by V8 when a process starts, and by nothing afterwards. */
const NEEDS_PROCESS = /^(?:NODE_|TZ$|LANG$|LC_|UV_)/

/** A second run beside one that lasts would share its streams. */
export const canRunInProcess = (env: NodeJS.ProcessEnv = {}): boolean =>
  !isRunning && !Object.keys(env).some(name => NEEDS_PROCESS.test(name))

export async function runInProcess({ main, args, cwd, env, stdin }: InProcess): Promise<Finished> {
  isRunning = true
  const undo = [...REPLACED.map(keep), ...EVENTS.map(keepListeners), keepFolder(cwd)]
  const out = collector()
  const err = collector()
  const exit = Promise.withResolvers<number>()
  replace('argv', [process.execPath, main, ...args])
  replace('env', env)
  replace('stdin', Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]))
  replace('stdout', out.stream)
  replace('stderr', err.stream)
  replace('exit', (code: number) => {
    exit.resolve(code)
    return new Promise(() => undefined)
  })
  const { exitCode } = process
  process.exitCode = undefined
  try {
    // Another address is another evaluation: the entry runs again, and what it imports is there already.
    const ran = import(/* @vite-ignore */ `${pathToFileURL(main).href}?run=${count++}`).then(() =>
      Number(process.exitCode ?? 0),
    )
    return { code: await Promise.race([ran, exit.promise]), stdout: out.text(), stderr: err.text() }
  } finally {
    process.exitCode = exitCode
    for (const back of undo) back()
    isRunning = false
  }
}

function collector() {
  const pieces: Buffer[] = []
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece)
      done()
    },
  })
  return { stream, text: () => Buffer.concat(pieces).toString() }
}

const replace = (name: (typeof REPLACED)[number], value: unknown): void =>
  void Object.defineProperty(process, name, { configurable: true, writable: true, enumerable: true, value })

function keep(name: (typeof REPLACED)[number]): () => void {
  const was = Object.getOwnPropertyDescriptor(process, name) as PropertyDescriptor
  return () => void Object.defineProperty(process, name, was)
}

function keepListeners(name: string): () => void {
  const before = new Set(process.rawListeners(name))
  return () => {
    for (const listener of process.rawListeners(name)) {
      if (!before.has(listener)) process.off(name, listener as () => void)
    }
  }
}

function keepFolder(cwd: string): () => void {
  const was = process.cwd()
  process.chdir(cwd)
  return () => process.chdir(was)
}
