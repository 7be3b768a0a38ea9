/** A submit as a process of its own: broker, batch, folder, base URL, number of rows, and whether they are inline. */
import { submit } from '../../src/distributed/index.ts'

const [broker = '', batch = '', results = '', input = '', count = '0'] = process.argv.slice(2)

async function* rows(): AsyncGenerator<string> {
  for (let at = 0; at < Number(count); at++) {
    yield `${input}${at}`
    // Slow enough to be killed in between.
    if (at % 500 === 0) await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const given = count === '0' ? { file: input, format: 'lines' as const } : rows()
await submit(given, { broker, batch, results, chunkRows: 10, options: { concurrency: 64 } })
