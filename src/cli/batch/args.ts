/** The arguments of the commands for batches. */
import type { Command } from 'commander'
import type { BatchCommand } from './commands.ts'

/** The flags of these commands; the flags of a run are separate. */
export interface BatchFlags {
  broker?: string
  brokerCa?: string
  brokerCert?: string
  brokerKey?: string
  batch?: string
  results?: string
  chunk?: string
  chunks?: string
  grace?: string
  inline?: true
  untilEmpty?: true
  partial?: true
  files?: true
  watch?: true
  sign?: string
  health?: string
  metrics?: string
}

export interface BatchArgs {
  readonly mode: 'batch'
  readonly command: BatchCommand | 'doctor'
  /** URLs for `submit`, otherwise the name of the batch. */
  readonly words: readonly string[]
  readonly own: BatchFlags
}

/** The flags of a connection to Redis. */
export function withBrokerFlags(command: Command): Command {
  for (const name of ['broker', 'broker-ca', 'broker-cert', 'broker-key']) command.option(`--${name} <value>`)
  return command
}

/**
 * @param subcommand makes a command
 * @param withRunFlags adds the flags of a run
 */
export function addBatchCommands(
  subcommand: (name: BatchCommand) => Command,
  withRunFlags: (command: Command) => void,
  take: (args: BatchArgs) => void,
): void {
  const add = (command: BatchCommand, argument: string, flags: readonly string[]): Command => {
    const made = withBrokerFlags(subcommand(command))
    if (argument !== '') made.argument(argument)
    for (const flag of flags) made.option(flag)
    made.action((...given: unknown[]) => {
      const words = argument === '' ? [] : [given[0]].flat().filter(word => typeof word === 'string')
      take({ mode: 'batch', command, words, own: given[argument === '' ? 0 : 1] as BatchFlags })
    })
    return made
  }
  const submitFlags = ['--batch <value>', '--sign <value>', '--results <value>', '--chunk <value>', '--inline']
  withRunFlags(add('submit', '[urls...]', submitFlags))
  const valued = ['batch', 'results', 'chunks', 'grace', 'health', 'metrics', 'sign'].map(name => `--${name} <value>`)
  add('worker', '', [...valued, '--until-empty'])
  add('collect', '[batch]', ['--results <value>', '--partial'])
  add('status', '<batch>', ['--watch'])
  add('limits', '<batch>', ['--results <value>'])
  add('reconcile', '<batch>', ['--results <value>', '--sign <value>'])
  add('retry', '<batch>', ['--results <value>', '--sign <value>'])
  add('dead', '<batch>', ['--results <value>'])
  add('delete', '<batch>', ['--files'])
  for (const name of ['pause', 'cancel'] as const) add(name, '<batch>', [])
  add('resume', '<batch>', ['--sign <value>'])
  add('batches', '', [])
  add('workers', '', [])
}
