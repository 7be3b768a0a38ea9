/**
 * Compares with other clients: `npm run bench:peers`. `--rounds N` (7), `--shape TEXT` for the shapes whose name contains
 * it, `--scale F` for a part of the requests, `--write` to write docs/benchmarks.md.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { serve } from '../support/measure.ts'
import { install } from './install.ts'
import { measureShape } from './measure.ts'
import { chart, page, table } from './report.ts'
import type { Measured } from './report.ts'
import { SHAPES } from './shapes.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    shape: { type: 'string', default: '' },
    scale: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
install()
const { url: ports, close } = await serve(new URL('server.ts', import.meta.url))
const measured: Measured[] = []
for (const shape of SHAPES.filter(({ name }) => name.includes(options.shape))) {
  const requests = Math.max(50, Math.round(shape.requests * Number(options.scale)))
  const rounds = Math.min(Number(options.rounds), shape.rounds ?? Infinity)
  const rows = await measureShape(shape, ports, { rounds, requests })
  measured.push({ shape, requests, rounds, rows })
  console.log(table(measured.at(-1) as Measured))
  if (options.write) write()
}
close()

/** After each shape, so that a run that is stopped leaves what it has measured. */
function write(): void {
  const docs = new URL('../../docs/', import.meta.url)
  writeFileSync(new URL('benchmarks.md', docs), page(measured))
  writeFileSync(new URL('benchmarks.svg', docs), chart(measured[0] as Measured))
}
