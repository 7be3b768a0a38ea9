/** Contenders that are not imported but started: curl, our own command line, and aiohttp for Python. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { usageOf } from '../../test/support/usage.ts'
import type { Figures } from './figures.ts'
import { CONCURRENCY } from './shapes.ts'
import type { Shape } from './shapes.ts'

/** What a program has to do, in a folder of its own. */
export interface Task {
  readonly urls: readonly string[]
  readonly warmUp: number
  readonly folder: string
}

export interface Program {
  readonly name: string
  /** What this machine lacks to run it. */
  readonly missing: () => string | undefined
  readonly run: (task: Task) => Figures
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const runs = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0

/** CPU time of the whole process, its start included. There is no warm-up. */
function wholeProcess(script: string, { urls, folder }: Task): Figures {
  const startedAtMs = performance.now()
  const { cpuSeconds, rssMb } = usageOf(script, folder)
  const seconds = (performance.now() - startedAtMs) / 1_000
  return { cpuUs: (cpuSeconds * 1e6) / urls.length, perSecond: urls.length / seconds, rssMb }
}

function listOf({ urls, folder }: Task): void {
  writeFileSync(join(folder, 'urls.txt'), urls.map(url => `${url}\n`).join(''))
}

/** Parses every body, and writes it as a line of JSON. */
const preq = (name: string, output: string): Program => ({
  name,
  missing: () => undefined,
  run(task) {
    listOf(task)
    const command = `'${process.execPath}' '${here('../../dist/cli/main.js')}'`
    return wholeProcess(`${command} -i urls.txt -c ${CONCURRENCY} -q ${output}`, task)
  },
})

export const PREQ: readonly Program[] = [
  preq('preq to standard output', '> lines.jsonl'),
  preq('preq to a run file', '-o run.jsonl --overwrite'),
]

/** Throws every body away. */
export const CURL: Program = {
  name: 'curl -Z, bodies to /dev/null',
  missing: () => (runs('curl', '--version') ? undefined : 'curl'),
  run(task) {
    const lines = task.urls.map(url => `url = "${url}"\noutput = "/dev/null"\n`)
    writeFileSync(join(task.folder, 'curl.cfg'), lines.join(''))
    return wholeProcess(`curl -s -Z --parallel-max ${CONCURRENCY} -K curl.cfg 2> /dev/null`, task)
  },
}

/** Debian's package belongs to its own Python, which need not be the first one in the PATH. */
const python = (): string | undefined =>
  ['python3', '/usr/bin/python3'].find(command => runs(command, '-c', 'import aiohttp'))

/** Measures itself after a warm-up, like the libraries of Node. */
const AIOHTTP: Program = {
  name: 'aiohttp',
  missing: () => (python() === undefined ? 'a Python with aiohttp (Debian: python3-aiohttp)' : undefined),
  run(task) {
    listOf(task)
    const args = [here('with_aiohttp.py'), join(task.folder, 'urls.txt'), String(CONCURRENCY), String(task.warmUp)]
    const { stdout, stderr, status } = spawnSync(python() ?? 'python3', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return JSON.parse(stdout) as Figures
  },
}

export const PROGRAMS: readonly Program[] = [...PREQ, CURL, AIOHTTP]

/** Programs take part in the plain shapes only. */
export const canRun = ({ answer, wire, method, hosts, extra }: Shape): boolean =>
  answer === 'small' && wire === undefined && method === undefined && hosts === undefined && extra === undefined
