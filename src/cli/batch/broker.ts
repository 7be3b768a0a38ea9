/** Opens the Redis of `--broker` for one command. */
import { readFileSync } from 'node:fs'
import type { BatchFlags } from './args.ts'
import { UsageError } from '../usage-error.ts'
import type { Problem } from '../../core/problem.ts'
import { systemReason } from '../../core/system-reason.ts'
import { openBroker } from '../../distributed/batch/broker.ts'
import type { Broker, BrokerAddress } from '../../distributed/batch/broker.ts'
import { readSigningKeys } from '../../distributed/batch/signature.ts'
import { readRedisTls, tlsProblem } from '../../distributed/redis-tls.ts'

export async function use<T>(flags: BatchFlags, work: (broker: Broker) => Promise<T>): Promise<T> {
  const broker = await openBroker(addressOf(flags, process.env), '--broker')
  try {
    return await work(broker)
  } catch (error) {
    throw broker.explain(error)
  } finally {
    await broker.close()
  }
}

export const NO_BROKER = '--broker: expected the URL of a Redis server, got none. Add --broker redis://localhost:6379.'

/** Throws a UsageError with every problem. */
export function addressOf(
  { broker, brokerCa, brokerCert, brokerKey, sign }: BatchFlags,
  env: NodeJS.ProcessEnv,
): BrokerAddress {
  if (broker === undefined) {
    throw new UsageError(NO_BROKER)
  }
  const problems: Problem[] = []
  const url = urlOf(broker, env, problems)
  const read = (flag: string, path: string | undefined): string | undefined => {
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      problems.push(`cannot read --${flag} ${path}: ${systemReason(error)}.`)
      return undefined
    }
  }
  const isSecured = (brokerCa ?? brokerCert ?? brokerKey) !== undefined
  const given = {
    ca: read('broker-ca', brokerCa),
    cert: read('broker-cert', brokerCert),
    key: read('broker-key', brokerKey),
  }
  const tls = isSecured && problems.length === 0 ? readRedisTls(given, '--broker-ca', problems) : undefined
  const wrong = tlsProblem(tls, '--broker-ca', url)
  if (wrong !== undefined) problems.push(wrong)
  if (problems.length > 0) throw new UsageError(problems)
  const keys = sign === undefined ? undefined : readSigningKeys(sign, '--sign', env)
  return { url, tls, keys }
}

/** `env:NAME`: other users of a machine see the arguments of a process. */
function urlOf(text: string, env: NodeJS.ProcessEnv, problems: Problem[]): string {
  const name = /^env:([A-Za-z_]\w*)$/.exec(text)?.[1]
  if (name === undefined) return text
  const value = env[name]
  if (value !== undefined && value !== '') return value
  problems.push(`--broker: expected a URL in the variable ${name}, got none. Export ${name}.`)
  return ''
}
