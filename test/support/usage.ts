/** The cost of a command: CPU time of the command and its children, and the memory of the Node process in it. */
import { spawnSync } from 'node:child_process'

export interface Usage {
  /** User and system time as measured by the shell. A busy machine changes it little. */
  readonly cpuSeconds: number
  /** The peak as measured by the system. NaN if no Node runs. */
  readonly rssMb: number
}

/** Runs a line of bash to its end. Throws if it fails. */
export function usageOf(script: string, folder: string): Usage {
  const said = run(`TIMEFORMAT='cpu %U %S'; time { ${script}; }`, folder, REPORT_RSS)
  const [, user = 'NaN', system = 'NaN'] = /^cpu (\S+) (\S+)$/m.exec(said) ?? []
  return { cpuSeconds: Number(user) + Number(system), rssMb: Number(/^rss (\d+)$/m.exec(said)?.[1]) / 1_024 }
}

/**
 * The most memory that was in use after garbage collections, measured repeatedly. Unlike a peak of memory it does not
 * depend on when garbage is collected, so memory that is kept per item shows to the megabyte.
 */
export function liveMbOf(script: string, folder: string): number {
  return Number(/^live (\S+)$/m.exec(run(script, folder, REPORT_LIVE))?.[1]) / 1e6
}

function run(script: string, folder: string, hook: string): string {
  const { stderr, status } = spawnSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` },
  })
  if (status !== 0) throw new Error(`expected ${script} to end well, got ${status}: ${stderr}`)
  return stderr
}

const REPORT_RSS = `process.on('exit',()=>console.error('rss '+process.resourceUsage().maxRSS))`

const REPORT_LIVE = `
  import { setFlagsFromString } from 'node:v8'
  import { runInNewContext } from 'node:vm'
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  let most = 0
  setInterval(() => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    most = Math.max(most, heapUsed + external)
  }, 150).unref()
  process.on('exit', () => console.error('live ' + most))`
