/** One contender that is imported: `one.ts <contender> <shape> <ports> <requests> <warm-up>`. Prints its figures. */
import { CONTENDERS } from './contenders.ts'
import { shapeOf, urlsOf } from './shapes.ts'

const [contender = '', shapeName = '', ports = '{}', count = '0', warmUp = '0'] = process.argv.slice(2)
const shape = shapeOf(shapeName)
const known = CONTENDERS.find(({ name }) => name === contender)
if (known === undefined) throw new Error(`contender: expected a known one, got ${contender}`)

const requests = Number(count)
const run = await known.prepare(shape)
const urls = urlsOf(shape, ports, requests)
if (Number(warmUp) > 0) await run(urlsOf(shape, ports, Number(warmUp)))
const before = process.cpuUsage()
const startedAtMs = performance.now()
const values = await run(urls)
const { user, system } = process.cpuUsage(before)
const seconds = (performance.now() - startedAtMs) / 1_000
if (values.length !== requests || values.some(value => value === undefined)) throw new Error('lost some')
const line = {
  cpuUs: (user + system) / requests,
  perSecond: requests / seconds,
  rssMb: process.resourceUsage().maxRSS / 1_024,
}
// Some contenders keep their connections, and with them the process.
process.stdout.write(JSON.stringify(line), () => process.exit())
