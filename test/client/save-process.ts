/** Saves the given URLs in a process of its own, and prints the outcomes and the memory used. */
import { readdirSync } from 'node:fs'
import { parallelRequests } from '../../src/index.ts'

const [saveTo = '', warmUp = '', ...urls] = process.argv.slice(2)
const options = { returnType: 'file', saveTo, onFailure: 'settle', maxRetries: 2 } as const
await parallelRequests([warmUp], options)
const before = process.memoryUsage.rss()
let peak = before
const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10)
const outcomes = await parallelRequests(urls, options)
clearInterval(watch)
const told = outcomes.map(({ ok, value, error, attempts }) => ({
  ok,
  bytes: value?.bytes,
  code: error?.code,
  attempts,
}))
console.log(JSON.stringify({ outcomes: told, grownBytes: peak - before, files: readdirSync(saveTo).toSorted() }))
