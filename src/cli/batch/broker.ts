/** Opens the Redis of `--broker` for one command. */
import type { BatchFlags } from './args.ts'
import { UsageError } from '../usage-error.ts'
import { openBroker } from '../../distributed/batch/broker.ts'
import type { Broker } from '../../distributed/batch/broker.ts'

export async function use<T>({ broker: url }: BatchFlags, work: (broker: Broker) => Promise<T>): Promise<T> {
  if (url === undefined) {
    throw new UsageError('--broker: expected the URL of a Redis server, got none. Add --broker redis://localhost:6379.')
  }
  const broker = await openBroker(url, '--broker')
  try {
    return await work(broker)
  } catch (error) {
    throw broker.explain(error)
  } finally {
    await broker.close()
  }
}
