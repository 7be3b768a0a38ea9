#!/usr/bin/env node
/**
 * The entry point of the command line. Exit codes: 0 all requests ok, 1 some failed, 2 usage error, 74 output could not
 * be written, 130 interrupted, 141 the reader closed the pipe, 129 and 143 SIGHUP and SIGTERM. Modules other than the
 * version are imported only when they are needed.
 */
// A default import: a named import that an old Node lacks would be a SyntaxError before the version is checked.
import nodeModule from 'node:module'
import { PACKAGE_VERSION } from '../core/version.ts'

// In `preq … | head`, the reader closes the pipe when it has enough. That is not an error, so no message is printed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(141)
  // As `systemReason` says it, which is not imported so that `preq --version` loads the version only.
  const reason = error.message.replace(/^([A-Z][A-Z0-9_]+): (.*?)(?:, [a-z]+)?$/s, '$2 ($1)')
  process.stderr.write(`preq: cannot write to standard output: ${reason}.\n`)
  process.exit(74)
})
// If standard error cannot be written, progress and messages are lost, but the data is still written.
process.stderr.on('error', () => undefined)

/** The oldest Node of package.json, which every module that is loaded later may require. */
const OLDEST = [22, 19] as const

function isTooOld(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${PACKAGE_VERSION}\n`)
    return 0
  }
  if (isTooOld()) {
    process.stderr.write(
      `preq: expected Node ${OLDEST.join('.')} or later, got ${process.version}. Install a later one.\n`,
    )
    return 2
  }
  // Caches compiled code on disk, which saves a tenth of the CPU time of a short run. Deno has no such cache.
  nodeModule.enableCompileCache?.()
  const [{ readArgs }, { speak }, { FLAG_WORDS }] = await Promise.all([
    import('./args.ts'),
    import('../core/words.ts'),
    import('./flag-words.ts'),
  ])
  // From here on, messages of the library name flags instead of options.
  speak(FLAG_WORDS)
  const args = readArgs(argv)
  switch (args.mode) {
    case 'text':
      process.stdout.write(args.text)
      return 0
    case 'usage':
      await complainOf(args.text)
      return 2
    case 'run':
      return (await import('./commands/run.ts')).run(args.urls, args.flags)
    case 'demo':
      if (args.options.serve) return (await import('./commands/demo-serve.ts')).demoServe(args.options.port)
      return (await import('./commands/demo.ts')).demo()
    case 'plan':
      return (await import('./commands/plan.ts')).plan(args.urls, args.flags)
    case 'report':
      return (await import('./commands/report.ts')).report(args.paths, args.options)
    case 'doctor':
      return (await import('./commands/doctor.ts')).doctor()
    case 'batch':
      return (await import('./batch/run.ts')).runBatch(args)
    case 'completion':
      process.stdout.write((await import('./completion.ts')).completion(args.shell))
      return 0
  }
}

/** Reports usage errors and output errors as one sentence, and any other error as a bug of preq. */
async function complain(error: unknown): Promise<number> {
  const { name, message, stack, code, syscall, exitCode } = Object(error) as NodeJS.ErrnoException & {
    readonly exitCode?: number
  }
  const known = CODES[name] ?? (code === 'resource/run_file' ? 74 : syscall === undefined ? undefined : 1)
  if (known !== undefined) {
    await complainOf(`preq: ${message}\n`)
    return exitCode ?? known
  }
  const isAsked = process.env['DEBUG'] !== undefined || process.argv.some(arg => arg === '-v' || arg === '--verbose')
  const more = isAsked ? `\n${stack ?? ''}` : ' -v shows where.'
  await complainOf(`preq: ${message ?? String(error)}\nThis is a bug: please report it.${more}\n`)
  return 1
}

async function complainOf(text: string): Promise<void> {
  const { messageRecord, isJsonAsked } = await import('./records.ts')
  const { printableLines } = await import('../core/printable.ts')
  process.stderr.write(isJsonAsked(process.argv, process.env) ? messageRecord('error', text) : printableLines(text))
}

/** Exit codes by the name of the error, so that its class need not be imported. */
const CODES: Readonly<Record<string, number>> = { UsageError: 2, ConfigError: 2, SinkError: 74 }

// Not process.exit(): a handle that is still open after the work would be a leak, and must become visible.
process.exitCode = await main(process.argv.slice(2)).catch(complain)
