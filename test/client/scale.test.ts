/**
 * A batch of any size takes the memory of its window: the nightly run of ten million requests, small enough for every
 * day.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { figure } from '../support/figure.ts'

const REQUESTS = 300_000
const bench = fileURLToPath(new URL('../../bench/scale.ts', import.meta.url))

figure(
  `${REQUESTS} requests from a generator through drain keep the live heap flat and below 60 MB, and RSS below 350 MB`,
  async () => {
    const child = spawn(process.execPath, ['--expose-gc', bench, String(REQUESTS), 'sink'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)))
    const code = await new Promise(ended => child.on('close', ended))
    // Printed, so that a reader of the build log can see the figures drift before they exceed a bound.
    console.log(printed.slice(printed.indexOf('\ncase: ') + 1))
    expect(printed).toContain(`requests: ${REQUESTS.toLocaleString('en')}\n`)
    expect(printed).toContain('bounds: held')
    expect(code).toBe(0)
  },
  120_000,
)
