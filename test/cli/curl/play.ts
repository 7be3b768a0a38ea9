/** Runs the same commands with bash and the installed curl, and with our parser and client in this process. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Recorded, Recorder } from './recorder.ts'
import { openJobs } from '../../../src/cli/input/jobs.ts'
import { planRun } from '../../../src/cli/run-plan.ts'
import type { GivenFlags } from '../../../src/cli/settings.ts'
import { OpenClient } from '../../../src/client/open-client.ts'

/** A separator between two commands. bash itself sends it, because a process for each would double the time. */
const MARK = '/between-commands'

/** The requests that curl sends for each command. One bash runs them all, in a UTF-8 locale as in a terminal. */
export async function sentByCurl(commands: readonly string[], server: Recorder): Promise<Recorded[][]> {
  const [name = '', port = ''] = server.host.split(':')
  const mark = `exec 3<>/dev/tcp/${name}/${port}; printf 'GET ${MARK} HTTP/1.1\\r\\n\\r\\n' >&3; read -r -N 60 <&3; exec 3>&-`
  const script = ['curl() { command curl -q -sS -m 10 "$@"; }', 'curl.exe() { curl "$@"; }', 'mark() {', mark, '}']
  for (const command of commands) script.push('(', command, 'wait', ') < /dev/null', 'mark')
  const env = { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', HOME: '/nonexistent' }
  await promisify(execFile)('bash', ['-c', script.join('\n')], { env, timeout: 300_000 })
  const groups: Recorded[][] = [[]]
  for (const request of server.take()) {
    if (request.target === MARK) groups.push([])
    else groups.at(-1)?.push(request)
  }
  return groups.slice(0, commands.length)
}

/** The requests that `preq --curl COMMAND` sends. Throws the UsageError if it refuses the command. */
export async function sentByUs(command: string, server: Recorder, flags: GivenFlags = []): Promise<Recorded[]> {
  const plan = planRun([], [['curl', command], ['retries', '0'], ['concurrency', '1'], ...flags], {})
  const jobs = await openJobs(plan.input)
  const client = new OpenClient(plan.client)
  try {
    for await (const outcome of client.stream(jobs, plan.call)) {
      if (!outcome.ok && outcome.response === undefined) throw outcome.error
    }
  } finally {
    await client.close()
    jobs.close()
  }
  return server.take()
}
