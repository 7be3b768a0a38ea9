/** Reads `--then` and the flags of its stage. They belong to the `--then` before them on the command line. */
import { flagHeaders } from '../headers-input.ts'
import type { FlagName, FlagValues } from '../flags.ts'
import { secretOf } from '../secret.ts'
import type { GivenFlags } from '../settings.ts'
import type { Problem } from '../../core/problem.ts'

/** A stage: requests that are made from the values of the stage before. */
export interface StagePlan {
  /** A template. */
  readonly url: string
  /** Where the values are from which requests are made; undefined for the items of the stage before, or its whole value. */
  readonly each: string | undefined
  readonly method: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly json: string | undefined
  /** Where the items of its responses are. */
  readonly items: string | undefined
  /** Its responses are the results: only they are saved. */
  readonly isLast: boolean
  /** Those of the last stage. */
  readonly name: string | undefined
  readonly checksum: string | undefined
}

const OF_STAGE = [
  'each',
  'then-method',
  'then-header',
  'then-json',
  'then-items',
] as const satisfies readonly FlagName[]
type StageFlag = (typeof OF_STAGE)[number]

export function stagesOf(given: GivenFlags, values: FlagValues, problems: Problem[]): readonly StagePlan[] {
  const urls = values.then ?? []
  const owners = ownersOf(given, values, problems)
  const texts = (flag: StageFlag, stage: number): readonly string[] =>
    (values[flag] ?? []).filter((_, at) => owners[flag]?.[at] === stage)
  const only = (flag: StageFlag, stage: number): string | undefined => {
    const [first, ...others] = texts(flag, stage)
    if (others.length > 0) problems.push(`--${flag}: expected it once after each --then, got it several times.`)
    return first
  }
  const { name, checksum } = values
  return urls.map((url, stage) => ({
    url,
    isLast: stage === urls.length - 1,
    ...(stage === urls.length - 1 ? { name, checksum } : { name: undefined, checksum: undefined }),
    each: only('each', stage),
    method: only('then-method', stage),
    headers: flagHeaders(texts('then-header', stage), problems, '--then-header'),
    json: jsonOf(only('then-json', stage), problems),
    items: only('then-items', stage),
  }))
}

const jsonOf = (text: string | undefined, problems: Problem[]): string | undefined =>
  text?.startsWith('@') === true ? (secretOf(text, '--then-json', {}, problems) ?? '') : text

/** The stage of each value of a flag, by the order of the command line. */
type Owners = Partial<Record<StageFlag, readonly number[]>>

function ownersOf(given: GivenFlags, values: FlagValues, problems: Problem[]): Owners {
  const stages = values.then?.length ?? 0
  const owners: Record<string, number[]> = {}
  let stage = -1
  for (const [name] of given) {
    if (name === 'then') stage++
    if (!isOfStage(name)) continue
    if (stage < 0) problems.push(`--${name}: expected a --then before it, got none. Write it after its --then.`)
    ;(owners[name] ??= []).push(stage)
  }
  for (const flag of OF_STAGE) {
    const count = values[flag]?.length ?? 0
    if (count === 0 || owners[flag] !== undefined) continue
    // A configuration file and the environment have no order.
    if (stages !== 1) problems.push(`--${flag}: expected it on the command line, after its --then, got it elsewhere.`)
    owners[flag] = Array.from({ length: count }, () => 0)
  }
  return owners
}

const isOfStage = (name: FlagName): name is StageFlag => (OF_STAGE as readonly FlagName[]).includes(name)
