/**
 * Imports one of the libraries, sends one request, and prints what that took: from before the import to the response.
 */
const [way, url] = process.argv.slice(2) as [string, string]
const startedAtMs = performance.now()
const before = process.cpuUsage()
if (way === 'undici') {
  const { request } = await import('undici')
  const { body } = await request(url)
  await body.json()
} else {
  const { parallelRequests } = (await import(way)) as typeof import('../../src/index.ts')
  await parallelRequests(url)
}
const { user, system } = process.cpuUsage(before)
const wallMs = performance.now() - startedAtMs
const rssMb = process.resourceUsage().maxRSS / 1_024
console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1_000, rssMb }))
process.exit()
