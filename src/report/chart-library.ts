/** uPlot as text, to be put into a page. It is read from where the package manager has put it. */
import { readFileSync } from 'node:fs'
// By its default export: a bundle may have a variable of the name createRequire, as docs/bundling.md says.
import nodeModule from 'node:module'
import { join } from 'node:path'
import { ConfigError } from '../core/error.ts'

export interface ChartLibrary {
  readonly script: string
  readonly style: string
}

export function chartLibrary(): ChartLibrary {
  const [script, style] = ['uplot/dist/uPlot.iife.min.js', 'uplot/dist/uPlot.min.css'].map(read)
  return { script: script as string, style: style as string }
}

/** Next to this package; a bundle has no such place, so also next to the program. */
function read(name: string): string {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      // Knows node_modules and the packages of Yarn Plug'n'Play.
      return readFileSync(nodeModule.createRequire(from).resolve(name), 'utf8')
    } catch {
      // Perhaps the other one.
    }
  }
  throw new ConfigError([
    {
      cannot: 'write an HTML report',
      because: 'the package uplot, which draws its charts, was not found',
      remedy: 'Install it next to your bundle, or write another format.',
    },
  ])
}
