/**
 * Reads the settings of a run. Flags override environment variables, which override the configuration file. All problems
 * are reported at once, each with the name by which the setting was given.
 */
import { existsSync, readFileSync } from 'node:fs'
import { FLAG_NAMES, envName, flagOf } from './flags.ts'
import type { FlagName, FlagValues } from './flags.ts'
import { isPlain } from '../config/kinds.ts'
import { nearest } from '../config/names.ts'
import { reasonOf } from '../core/callback.ts'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

/** The values of a layer for one flag; several if the flag may be repeated. */
interface GivenValue {
  /** The name for messages: `--rate`, `PREQ_RATE`, `preq.json: rate`. */
  readonly as: string
  readonly values: readonly unknown[]
}

type SettingsLayer = Map<FlagName, GivenValue>

export interface Settings {
  readonly values: FlagValues
  readonly problems: readonly Problem[]
}

/** The flags of the command line, in order. */
export type GivenFlags = readonly (readonly [name: FlagName, value: string | true])[]

const DEFAULT_CONFIG = 'preq.json'

/** The settings of all sources, before they are read. */
export interface GivenSettings {
  readonly flags: SettingsLayer
  /** Those of the environment and of the configuration file. */
  readonly others: SettingsLayer
  readonly problems: readonly Problem[]
  /** The value of the flag, or its last one. */
  last(name: FlagName): unknown
}

export function givenSettings(given: GivenFlags, env: NodeJS.ProcessEnv): GivenSettings {
  const problems: Problem[] = []
  const flags = flagLayer(given)
  const ofEnv = envLayer(env, problems)
  const path = flags.get('config')?.values.at(-1) ?? ofEnv.get('config')?.values.at(-1)
  const others: SettingsLayer = new Map([...fileLayer(path as string | undefined, problems), ...ofEnv])
  const last = (name: FlagName): unknown => (flags.get(name) ?? others.get(name))?.values.at(-1)
  return { flags, others, problems, last }
}

/** The flags alone, without the environment and the configuration file. */
export function givenFlags(given: GivenFlags): GivenSettings {
  const flags = flagLayer(given)
  return { flags, others: new Map(), problems: [], last: name => flags.get(name)?.values.at(-1) }
}

/**
 * Reads each setting once.
 *
 * @param pasted flags that stand for the options of a pasted command; those of the command line override them
 */
export function readSettings({ flags, others, problems }: GivenSettings, pasted: GivenFlags = []): Settings {
  const found = [...problems]
  const merged = new Map([...others, ...flagLayer(pasted), ...flags])
  return { values: readAll(merged, found), problems: found }
}

/** The names of other sources of settings, without values, which may be secrets. */
export interface SettingSources {
  readonly file: string | undefined
  readonly variables: readonly string[]
}

export function settingSources(flags: GivenFlags, env: NodeJS.ProcessEnv): SettingSources {
  const given = flags.findLast(([name]) => name === 'config')?.[1] ?? env[envName('config')]
  const file =
    typeof given === 'string' && given !== '' ? given : existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : undefined
  return { file, variables: FLAG_NAMES.map(envName).filter(name => (env[name] ?? '') !== '') }
}

function flagLayer(flags: GivenFlags): SettingsLayer {
  const layer: SettingsLayer = new Map()
  for (const [name, value] of flags) {
    layer.set(name, { as: `--${name}`, values: [...(layer.get(name)?.values ?? []), value] })
  }
  return layer
}

function envLayer(env: NodeJS.ProcessEnv, problems: Problem[]): SettingsLayer {
  const layer: SettingsLayer = new Map()
  for (const name of FLAG_NAMES) {
    const as = envName(name)
    const value = env[as]
    if (value !== undefined && value !== '') layer.set(name, { as, values: [value] })
  }
  const known = FLAG_NAMES.map(envName)
  for (const name of Object.keys(env)) {
    const near = !name.startsWith('PREQ_') || known.includes(name) ? undefined : nearest(name, known)
    // Other programs may have variables with the same prefix, so only a misspelt name is reported.
    if (near !== undefined) {
      problems.push(`${name}: expected the variable of a flag, got an unknown one. Did you mean '${near}'?`)
    }
  }
  return layer
}

function fileLayer(path: string | undefined, problems: Problem[]): SettingsLayer {
  const layer: SettingsLayer = new Map()
  const content = configText(path, problems)
  if (content === undefined) return layer
  const shown = path ?? DEFAULT_CONFIG
  let config: unknown
  try {
    config = JSON.parse(content)
  } catch (error) {
    problems.push(`${shown}: expected JSON, got something else (${reasonOf(error)}). Fix it, or leave it out.`)
    return layer
  }
  if (!isPlain(config)) {
    problems.push(`${shown}: expected an object of flags, got something else. Write it as {"concurrency": 50}.`)
    return layer
  }
  for (const [key, value] of Object.entries(config)) {
    const name = FLAG_NAMES.find(candidate => candidate === key)
    if (name === undefined || name === 'config') {
      const near = nearest(key, FLAG_NAMES)
      const remedy = near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
      problems.push(`${shown}: ${key}: expected the name of a flag, got an unknown one. ${remedy}`)
    } else {
      layer.set(name, { as: `${shown}: ${name}`, values: Array.isArray(value) ? value : [value] })
    }
  }
  return layer
}

/** The text of the configuration file; undefined if none is given and none exists. */
function configText(path: string | undefined, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path ?? DEFAULT_CONFIG, 'utf8')
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    problems.push(`cannot read --config ${path ?? DEFAULT_CONFIG}: ${systemReason(error)}.`)
    return undefined
  }
}

function readAll(layer: SettingsLayer, problems: Problem[]): FlagValues {
  const values: Partial<Record<FlagName, unknown>> = {}
  for (const [name, { as, values: given }] of layer) {
    const flag = flagOf(name)
    const read = given.map(value => flag.read(value, as, problems))
    if (flag.repeat === true) values[name] = read
    else if (given.length > 1) problems.push(`${as}: expected it once, got it ${given.length} times. Keep one of them.`)
    else values[name] = read[0]
  }
  return values as FlagValues
}
