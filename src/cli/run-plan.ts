/**
 * The flags of a run → what each part of it needs to know: where requests come from, what they are, what the client may
 * do, where outcomes go, what is shown. Reads small files that flags name (headers, certificates, secrets); sends nothing.
 */
import { clientOptions, callOptions } from './run-options.ts'
import type { FlagValues } from './flags.ts'
import { headersOf } from './headers-input.ts'
import { secretOf } from './secret.ts'
import { UsageError } from './usage-error.ts'
import type { Auth, ClientOptions, StreamCallOptions } from '../index.ts'

export type InputFormat = 'lines' | 'csv' | 'tsv' | 'jsonl'
export type OutputFormat = 'jsonl' | 'csv' | 'tsv' | 'sqlite'

/** Where the requests come from, and what is alike in all of them. Texts may have {columns}. */
export interface InputPlan {
  /** URLs of the command line; beside a file, the template that its rows are filled into. */
  readonly urls: readonly string[]
  readonly files: readonly string[]
  readonly format: InputFormat | undefined
  readonly curl: string | undefined
  readonly method: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly params: readonly (readonly [string, string])[]
  /** At most one of the three. */
  readonly body:
    | { readonly kind: 'json' | 'text'; readonly text: string }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'form'; readonly fields: readonly (readonly [string, string])[] }
    | undefined
  readonly auth: Auth | undefined
  readonly key: string | undefined
}

export interface OutputPlan {
  /** Undefined is standard output. */
  readonly path: string | undefined
  readonly format: OutputFormat
  readonly overwrite: boolean
  readonly resume: boolean
  readonly select: string | undefined
  readonly writeOut: string | undefined
  readonly save: { readonly folder: string; readonly name: string | undefined } | undefined
  readonly as: 'auto' | 'json' | 'text' | 'bytes' | 'none'
  readonly order: 'completed' | 'input'
}

export interface DisplayPlan {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly progress: 'shown' | 'json' | 'none'
}

export interface RunPlan {
  readonly input: InputPlan
  readonly output: OutputPlan
  readonly display: DisplayPlan
  readonly client: ClientOptions
  readonly call: StreamCallOptions
}

/** Throws a UsageError that holds every problem. */
export function planRun(
  urls: readonly string[],
  values: FlagValues,
  problems: string[],
  env: NodeJS.ProcessEnv,
): RunPlan {
  const plan: RunPlan = {
    input: inputPlan(urls, values, env, problems),
    output: outputPlan(values, problems),
    display: {
      quiet: values.quiet ?? false,
      verbose: values.verbose ?? false,
      progress: values['json-progress'] === true ? 'json' : values['no-progress'] || values.quiet ? 'none' : 'shown',
    },
    client: clientOptions(values, problems),
    call: callOptions(values),
  }
  if (problems.length > 0) throw new UsageError(problems)
  return plan
}

function inputPlan(urls: readonly string[], values: FlagValues, env: NodeJS.ProcessEnv, problems: string[]): InputPlan {
  const files = values.input ?? []
  if (urls.length === 0 && files.length === 0 && values.curl === undefined) {
    problems.push('expected URLs, -i FILE or --curl, got none of them. See preq --help.')
  }
  if (urls.length > 1 && files.length > 0) {
    problems.push(
      `expected one URL beside -i, as the template of its rows, got ${urls.length}. Put them into the file.`,
    )
  }
  return {
    urls,
    files,
    format: values.format,
    curl: values.curl,
    method: values.method,
    headers: headersOf(values.header ?? [], problems),
    params: values.param ?? [],
    body: bodyPlan(values, problems),
    auth: authOf(values, env, problems),
    key: values.key,
  }
}

function bodyPlan({ json, body, form }: FlagValues, problems: string[]): InputPlan['body'] {
  const given = [json !== undefined && '--json', body !== undefined && '--body', form !== undefined && '--form']
  const names = given.filter(name => name !== false)
  if (names.length > 1) problems.push(`expected one of --json, --body and --form, got ${names.join(' and ')}.`)
  if (form !== undefined) return { kind: 'form', fields: form }
  if (body?.startsWith('@') === true) return { kind: 'file', path: body.slice(1) }
  if (body !== undefined) return { kind: 'text', text: body }
  if (json === undefined) return undefined
  return { kind: 'json', text: json.startsWith('@') ? (secretOf(json, '--json', {}, problems) ?? '') : json }
}

function authOf({ auth, bearer }: FlagValues, env: NodeJS.ProcessEnv, problems: string[]): Auth | undefined {
  if (auth !== undefined && bearer !== undefined) {
    problems.push('expected one of --auth and --bearer, got both. Keep one of them.')
  }
  if (bearer !== undefined) {
    const token = secretOf(bearer, '--bearer', env, problems)
    return token === undefined ? undefined : { bearer: token }
  }
  if (auth === undefined) return undefined
  const pair = secretOf(auth, '--auth', env, problems)
  const at = pair?.indexOf(':') ?? -1
  if (pair === undefined) return undefined
  if (at > 0) return { username: pair.slice(0, at), password: pair.slice(at + 1) }
  problems.push("--auth: expected 'user:password', got something else. Write it with a colon between them.")
  return undefined
}

const BY_ENDING: Readonly<Record<string, OutputFormat>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.sqlite': 'sqlite',
  '.db': 'sqlite',
}

function outputPlan(values: FlagValues, problems: string[]): OutputPlan {
  const path = values.output === '-' ? undefined : values.output
  const ending = /\.\w+$/.exec(path ?? '')?.[0].toLowerCase() ?? ''
  const format = values['output-format'] ?? BY_ENDING[ending] ?? 'jsonl'
  const resume = values.resume ?? false
  if (resume && (path === undefined || format !== 'jsonl')) {
    problems.push('--resume: expected -o FILE.jsonl to go on with, got none. Add it.')
  }
  if (format === 'sqlite' && path === undefined) {
    problems.push('--output-format: expected -o FILE for a database, got none. Add it.')
  }
  if (path !== undefined && values.input?.includes(path)) {
    problems.push(`-o: expected another file than the input, got ${path} for both. Write to a file of its own.`)
  }
  for (const [flag, given] of [['--overwrite', values.overwrite && resume]] as const) {
    if (given) problems.push(`${flag}: expected it without --resume, got both. Keep one of them.`)
  }
  return {
    path,
    format,
    overwrite: values.overwrite ?? false,
    resume,
    select: values.select,
    writeOut: values['write-out'],
    save: values.save === undefined ? undefined : { folder: values.save, name: values.name },
    as: values.as ?? 'auto',
    order: values.order ?? 'completed',
  }
}
