#!/usr/bin/env node
/**
 * The command line: argv → mode → exit code. 0 all ok, 1 some failed, 2 usage, 74 output could not be written, 130
 * interrupted, 141 the reader went away. Everything but the version is imported only once it is needed.
 */
import { VERSION } from '../core/version.ts'

// `preq … | head`: the reader has seen enough, which is no error worth a stack.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141)
    throw error
  })
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${VERSION}\n`)
    return 0
  }
  const { readArgs } = await import('./args.ts')
  const args = readArgs(argv)
  switch (args.mode) {
    case 'text':
      process.stdout.write(args.text)
      return 0
    case 'usage':
      process.stderr.write(args.text)
      return 2
    case 'run':
      return (await import('./commands/run.ts')).run(args.urls, args.flags)
    case 'demo':
      return (await import('./commands/demo.ts')).demo()
    case 'plan':
      return (await import('./commands/plan.ts')).plan(args.urls, args.flags)
    case 'doctor':
      return (await import('./commands/doctor.ts')).doctor()
    case 'completion':
      process.stdout.write((await import('./completion.ts')).completion(args.shell))
      return 0
  }
}

/** What people did wrong, and what cannot be written, is said in a sentence; anything else is ours. */
function complain(error: unknown): number {
  if (!(error instanceof Error)) throw error
  if (error.name === 'UsageError') {
    process.stderr.write(`preq: ${error.message}\n`)
    return (error as Error & { readonly exitCode: number }).exitCode
  }
  if (error.name === 'ConfigError') {
    process.stderr.write(`preq: ${error.message}\n`)
    return 2
  }
  throw error
}

// Not process.exit(): what still runs when the work is done would be a leak that ought to show.
process.exitCode = await main(process.argv.slice(2)).catch(complain)
