/** Runs a command for batches. */
import type { BatchArgs } from './args.ts'
import { manage } from './manage.ts'
import { submit } from './submit.ts'
import { worker } from './worker.ts'
import type { GivenFlags } from '../settings.ts'

/** Returns the exit code. */
export function runBatch(args: BatchArgs & { readonly flags: GivenFlags }): Promise<number> {
  const { command, words, own, flags } = args
  if (command === 'submit') return submit(words, flags, own)
  return command === 'worker' ? worker(flags, own) : manage({ mode: 'batch', command, words, own }, flags)
}
