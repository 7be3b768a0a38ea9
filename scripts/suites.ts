/**
 * Runs other projects' test suites against our code: `npm run suites -- --llhttp DIR`. You fetch the checkouts yourself
 * (see CONTRIBUTING.md); none of their content is stored here.
 */
import { parseArgs } from 'node:util'
import { curl } from './suites/curl.ts'
import { httpState } from './suites/http-state.ts'
import { llhttp } from './suites/llhttp.ts'
import { reportOf } from './suites/report.ts'
import { structuredFields } from './suites/structured-fields.ts'
import { count } from './suites/trial.ts'
import { urlData } from './suites/url-data.ts'
import type { Suite } from './suites/trial.ts'

/** By the option that gives the suite's path. */
const SUITES = {
  curl,
  llhttp,
  'http-state': httpState,
  'structured-fields': structuredFields,
  'url-data': urlData,
} as const satisfies Readonly<Record<string, Suite>>

const names = Object.keys(SUITES) as (keyof typeof SUITES)[]

function given(): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ options: Object.fromEntries(names.map(name => [name, { type: 'string' as const }])) }).values
  } catch (error) {
    console.error((error as Error).message)
    console.error(`usage: npm run suites -- ${names.map(name => `[--${name} PATH]`).join(' ')}`)
    return process.exit(2)
  }
}

const values = given()
let faults = 0
for (const name of names) {
  const from = values[name]
  const suite: Suite = SUITES[name]
  if (typeof from !== 'string') {
    console.log(`${suite.name}: skipped, no --${name}`)
    continue
  }
  const counted = count(await suite.run(from), suite.reasons)
  faults += counted.faults.length
  console.log(reportOf(suite.name, counted))
}
process.exitCode = faults === 0 ? 0 : 1
