/** `preq doctor`: the limits and settings of this machine, and which of them will cause problems. Sends nothing. */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { paintFor } from '../../display/paint.ts'
import { givenSettings, readSettings, settingSources } from '../settings.ts'
import { printable } from '../../core/printable.ts'
import { printableUrl } from '../../core/url.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'
import { sayProblem } from '../../core/problem.ts'
import { OLDEST_NODE } from '../../core/supported-node.ts'

interface Finding {
  readonly what: string
  readonly found: string
  /** How to fix it; undefined if there is no problem. */
  readonly remedy?: string | undefined
}

const FEW_FILES = 1_024
/** A clock before this time is wrong: it is older than this program. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)

/** Returns the exit code: 1 if there is a problem. */
export function doctor(): number {
  const findings = [node(), openFiles(), ...proxies(process.env), settings(process.env), clock(), cores()]
  const paint = paintFor(process.stdout)
  const width = Math.max(...findings.map(({ what }) => what.length))
  for (const { what, found, remedy } of findings) {
    const mark = remedy === undefined ? paint('green', 'ok') : paint('yellow', '!!')
    process.stdout.write(
      `${mark}  ${what.padEnd(width)}  ${printable(found)}${remedy === undefined ? '' : `. ${printable(remedy)}`}\n`,
    )
  }
  return findings.some(({ remedy }) => remedy !== undefined) ? 1 : 0
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
  const found = `${process.version}, preq ${PACKAGE_VERSION}`
  return { what: 'Node', found, remedy: isOld ? `Node ${OLDEST_NODE.join('.')} or newer is needed.` : undefined }
}

/** Each connection is an open file. */
function openFiles(): Finding {
  const limit = openFileLimit()
  if (limit === undefined) return { what: 'open files', found: 'no limit known' }
  const remedy =
    limit < FEW_FILES ? `Raise it for more than ${Math.floor(limit / 2)} connections: ulimit -n 4096.` : undefined
  return { what: 'open files', found: `at most ${limit}`, remedy }
}

function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

function proxies(env: NodeJS.ProcessEnv): Finding[] {
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap(name => [name, name.toUpperCase()])
  const set = names.filter(name => (env[name] ?? '') !== '')
  if (set.length === 0) return [{ what: 'proxies', found: 'none in the environment' }]
  return set.map(name => {
    const value = env[name] as string
    const isWrong = !/no_proxy/i.test(name) && !URL.canParse(value.includes('://') ? value : `http://${value}`)
    const remedy = isWrong ? 'Write it as http://host:port.' : undefined
    return { what: name, found: `${isWrong ? 'not a URL' : printableUrl(value)}, used with --proxy env only`, remedy }
  })
}

/** The settings that apply to every run in this folder. Values may be secrets and are not shown. */
function settings(env: NodeJS.ProcessEnv): Finding {
  const { file, variables } = settingSources([], env)
  const named = [...(file === undefined ? [] : [file]), ...variables]
  const [problem] = readSettings(givenSettings([], env)).problems
  return {
    what: 'settings',
    found: named.length === 0 ? 'no preq.json here, no PREQ_ variables' : `every run here uses ${named.join(', ')}`,
    remedy:
      problem === undefined ? undefined : `${fixFor(sayProblem(problem))}: every run in this folder would be refused.`,
  }
}

/** What to fix: the name of the setting or file. Never the value, which may be a secret. */
function fixFor(problem: string): string {
  const unreadable = /^cannot read (?:--config )?([^:]*)/.exec(problem)?.[1]
  return `Fix ${unreadable ?? problem.split(': expected')[0]}`
}

/** Dates of servers, cookies and certificates are compared with the clock. */
function clock(): Finding {
  const now = new Date()
  const remedy = now.getTime() < EARLIEST_MS ? 'Set the clock: certificates will seem not to be valid yet.' : undefined
  return { what: 'clock', found: now.toISOString(), remedy }
}

function cores(): Finding {
  return { what: 'cores', found: String(availableParallelism()) }
}
