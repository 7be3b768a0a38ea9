/**
 * CPU time per request of one build in its own process; started by bench/builds.ts. Arguments: the folder with the
 * build's index.js, and the server's URL. Prints microseconds.
 */
import { pathToFileURL } from 'node:url'
import { join, resolve } from 'node:path'
import type * as Library from '../../src/index.ts'

const [dist = '', url = ''] = process.argv.slice(2)
const REQUESTS = 30_000
const WARM_UP = 5_000
const OPTIONS = {
  concurrency: 50,
  perHost: { concurrency: 50 },
  maxRetries: 3,
  timeout: '10s',
  rateLimit: { limit: 1_000_000, interval: '1m', burst: 1_000_000 },
}

const { ParallelRequests } = (await import(pathToFileURL(join(resolve(dist), 'index.js')).href)) as typeof Library
const client = new ParallelRequests(OPTIONS)
const urls = Array.from({ length: REQUESTS }, (_, index) => `${url}/items/${index}`)
await client.request(urls.slice(0, WARM_UP))
const before = process.cpuUsage()
const values = await client.request(urls)
const { user, system } = process.cpuUsage(before)
await client.close()
if (values.length !== REQUESTS) throw new Error('lost some')
console.log((user + system) / REQUESTS)
