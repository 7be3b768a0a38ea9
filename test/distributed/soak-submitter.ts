/** A submit by reference as a process of its own, for bench/batch-soak.ts. Its only argument is JSON. */
import { submit } from '../../src/distributed/index.ts'

interface Given {
  readonly broker: string
  readonly batch: string
  readonly results: string
  readonly list: string
  readonly chunkRows: number
  readonly concurrency: number
}

const { list, concurrency, ...given } = JSON.parse(process.argv[2] ?? '{}') as Given
await submit({ file: list, format: 'lines' }, { ...given, options: { concurrency, maxRetries: 5 } })
