/** The entry of a quarantine of the library. */
import { planOptions } from './options.ts'
import { serveQuarantine } from './quarantine-serve.ts'

serveQuarantine(planOptions)
