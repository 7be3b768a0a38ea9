/**
 * Imports one of the libraries, sends one request, and prints the milliseconds from before the import to the response.
 */
const [way, url] = process.argv.slice(2) as [string, string]
const startedAtMs = performance.now()
if (way === 'undici') {
  const { request } = await import('undici')
  const { body } = await request(url)
  await body.json()
} else {
  const { parallelRequests } = (await import(way)) as typeof import('../../src/index.ts')
  await parallelRequests(url)
}
console.log(performance.now() - startedAtMs)
process.exit()
