/**
 * Turns the flags of a run into plans for its parts: input, client, output and display. Reads small files that flags name
 * (headers, certificates, secrets). Sends nothing.
 */
import { sharePlan } from './share-plan.ts'
import type { SharePlan } from './share-plan.ts'
import { callValues, clientValues, returnTypeOf } from './run-options.ts'
import type { FailTerm } from './fail-on.ts'
import type { FlagValues } from './flags.ts'
import { flagHeaders } from './headers-input.ts'
import { authOf } from './auth-plan.ts'
import { bodyPlan } from './body-plan.ts'
import { stagesOf } from './chain/stages.ts'
import type { StagePlan } from './chain/stages.ts'
import { constantsOf } from './constants.ts'
import type { Constant } from './constants.ts'
import { checkArguments } from './input/arguments.ts'
import { outputFormatOf } from './output/format.ts'
import { readCurl } from './curl/request.ts'
import type { CurlPart } from './curl/form.ts'
import type { CurlRequest } from './curl/request.ts'
import { bodyOfPasted, clientOfPasted, headersOfPasted } from './curl/into-plan.ts'
import { limitKeyOption } from './input/limit-key.ts'
import { isStandardInputGiven } from './input/standard-input.ts'
import { isSameFile } from './same-file.ts'
import { givenSettings, readSettings } from './settings.ts'
import type { GivenFlags, GivenSettings } from './settings.ts'
import { isTemplate } from './template/url.ts'
import { UsageError } from './usage-error.ts'
import { nearest } from '../config/names.ts'
import { checkCombinations } from '../config/read.ts'
import { OPTIONS } from '../config/table.ts'
import type { Values } from '../config/table.ts'
import type { Auth } from '../index.ts'
import type { Problem } from '../core/problem.ts'
import type { ReturnTypeName } from '../core/spec.ts'

/** Enough for any row. Of a file without line ends, no more than this is held in memory. */
const MAX_LINE = 16 * 2 ** 20

export type InputFormat = 'lines' | 'csv' | 'tsv' | 'jsonl' | 'json'
export type OutputFormat = 'jsonl' | 'csv' | 'tsv' | 'sqlite'

/** The source of the requests, and what all of them have in common. Texts may have {columns}. */
export interface InputPlan {
  /** URLs of the command line. With a file, the URL template for its rows. */
  readonly urls: readonly string[]
  readonly files: readonly string[]
  readonly format: InputFormat | undefined
  /** The delimiter of CSV; undefined for the default of the format. */
  readonly delimiter: string | undefined
  /** A label of `TextDecoder`; undefined is UTF-8. */
  readonly encoding: string | undefined
  /** Maximum number of characters in a line of the input. */
  readonly maxLine: number
  /** Maximum number of requests; undefined for no limit. */
  readonly limit: number | undefined
  readonly method: string | undefined
  readonly headers: readonly (readonly [string, string])[]
  readonly params: readonly (readonly [string, string])[]
  /** The body; at most one flag may give it. */
  readonly body:
    /** `asBytes`: the text comes from a file and is sent without a default content type. */
    | { readonly kind: 'json' | 'text'; readonly text: string; readonly asBytes?: true }
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'form' | 'multipart'; readonly fields: readonly (readonly [string, string])[] }
    /** `raw` is sent unchanged. `pasted` is the body of a pasted command and a template for rows. */
    | { readonly kind: 'raw'; readonly content: string | Uint8Array }
    | { readonly kind: 'pasted'; readonly text: string; readonly contentType: string }
    | { readonly kind: 'parts'; readonly parts: readonly CurlPart[] }
    | undefined
  readonly auth: Auth | undefined
  readonly key: string | undefined
  /** Cost per budget; without a name, for every budget. */
  readonly cost: readonly (readonly [budget: string | undefined, amount: string])[]
  readonly checksum: string | undefined
  readonly limitKey: string | undefined
  /** The template for names of saved files. */
  readonly name: string | undefined
  /** What a body becomes that is not saved, with --save and --then; undefined for what the options of the run say. */
  readonly returnType: ReturnTypeName | undefined
  /** Texts that must not have columns, each with a remedy. */
  readonly constants: readonly Constant[]
  /** Whether cells may make empty path segments. */
  readonly allowEmpty: boolean
}

export interface OutputFile {
  readonly path: string
  readonly format: OutputFormat
}

export interface OutputPlan {
  readonly files: readonly OutputFile[]
  /** Whether results go to standard output: requested, or because no other output is given. */
  readonly toStdout: boolean
  /** The format of standard output. */
  readonly format: OutputFormat
  readonly overwrite: boolean
  readonly resume: boolean
  /** The path of `--items`. */
  readonly items: string | undefined
  /** How many stages of `--then` there are. Rows are those of the last one. */
  readonly stages: number
  /** Whether further pages are requested. */
  readonly hasPages: boolean
  /** Whether a row is an item of a response. */
  readonly isOfItems: boolean
  readonly select: string | undefined
  readonly columns: readonly string[] | undefined
  readonly writeOut: string | undefined
  /** Between the cells of CSV. */
  readonly delimiter: ',' | ';' | '|' | '\t'
  /** Whether CSV and TSV begin with a byte-order mark. */
  readonly hasBom: boolean
  /** Whether JSON lines hold the values alone. */
  readonly isOfValues: boolean
  /** Whether JSON on standard output is indented. */
  readonly isPretty: boolean
  /** Names of response headers, in lower case. */
  readonly responseHeaders: readonly string[]
  /** The folder of `--save`. */
  readonly save: string | undefined
  /** The file of `--log`; `-` is standard output. */
  readonly log: string | undefined
  readonly as: 'auto' | 'json' | 'text' | 'bytes'
  readonly order: 'completed' | 'input'
}

export interface DisplayPlan {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly progress: 'shown' | 'json' | 'none'
  /** What makes the exit code 1. */
  readonly failOn: readonly FailTerm[]
}

export interface RunPlan {
  readonly input: InputPlan
  /** The stages of `--then`. */
  readonly stages: readonly StagePlan[]
  /** Whether `--curl` gives the request. */
  readonly isPasted: boolean
  readonly output: OutputPlan
  readonly display: DisplayPlan
  /** The options of the client, as they were read. */
  readonly client: Values
  /** With which processes its rates are shared, if with any. */
  readonly share: SharePlan | undefined
  /** Those of its call, without what the outputs add. */
  readonly call: Values
  /** Sentences that report what was left out of a pasted command. */
  readonly notes: readonly string[]
}

/**
 * Reads all settings. Throws a UsageError with every problem.
 *
 * @param given the settings, if they are not those of all sources
 */
export function planRun(
  urls: readonly string[],
  flags: GivenFlags,
  env: NodeJS.ProcessEnv,
  given: GivenSettings = givenSettings(flags, env),
): RunPlan {
  const pasted = given.last('curl')
  const curl = typeof pasted === 'string' ? readCurl(pasted, given.last('input') !== undefined) : undefined
  // Flags beside the pasted command take precedence.
  const settings = readSettings(given, curl?.flags)
  const { values } = settings
  // Checks across flags need values that have been read.
  if (settings.problems.length > 0) throw new UsageError(settings.problems)
  const problems: Problem[] = []
  checkCookieFlags(values, problems)
  const input = inputPlan(urls, values, curl, env, problems)
  const stages = stagesOf(flags, values, problems)
  const plan: RunPlan = {
    input,
    stages,
    isPasted: curl !== undefined,
    output: outputPlan(values, stages, problems),
    display: {
      quiet: values.quiet ?? false,
      verbose: values.verbose ?? false,
      progress: values['json-progress'] === true ? 'json' : values['no-progress'] || values.quiet ? 'none' : 'shown',
      failOn: values['fail-on'] ?? [],
    },
    client: clientPlan(values, input, curl, env, problems),
    share: sharePlan(values, env, problems),
    call: { ...callValues(values, problems), ...labelMethod(input), ...chainLimits(stages, values) },
    notes: curl?.notes ?? [],
  }
  if (problems.length > 0) throw new UsageError(problems)
  return plan
}

function clientPlan(
  values: FlagValues,
  input: InputPlan,
  curl: CurlRequest | undefined,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): Values {
  const client = { ...clientValues(values, env, problems), ...clientOfPasted(curl, values), ...limitKeyOption(input) }
  return checkCombinations(client, 'constructor', problems)
}

/** A chain is as long as its input, and as deep as it has stages: only pages need a guard. */
function chainLimits({ length }: readonly StagePlan[], values: FlagValues): Pick<Values, 'maxPages' | 'maxDepth'> {
  if (length === 0) return {}
  return {
    maxPages: values['max-pages'] ?? Infinity,
    maxDepth: values['max-depth'] ?? Math.max(length, OPTIONS.maxDepth.default),
  }
}

/** The method for messages about rows that make no request. Requests have their own method. */
function labelMethod({ method, body }: InputPlan): Pick<Values, 'method'> {
  const known = method ?? (body === undefined ? undefined : 'POST')
  return known === undefined ? {} : { method: known }
}

function inputPlan(
  given: readonly string[],
  values: FlagValues,
  curl: CurlRequest | undefined,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): InputPlan {
  const urls = [...given, ...(curl?.urls ?? [])]
  const files = values.input ?? (isAwaited(urls) && isStandardInputGiven() ? ['-'] : [])
  if (urls.length === 0 && files.length === 0) {
    problems.push(
      'expected URLs, -i FILE, --curl, or a file or pipe on standard input, got none of them. See preq --help.',
    )
  }
  checkArguments(given, values['base-url'] !== undefined, problems)
  const ownBody = bodyPlan(values, problems)
  const pasted = ownBody === undefined ? curl?.body : undefined
  if (given.length > 0 && curl !== undefined) {
    // The pasted headers may hold a credential, which must only be sent to the pasted host.
    problems.push(
      '--curl: expected no URL beside the command, got one. The command has its own: leave one of them out.',
    )
  } else if (urls.length > 1 && files.length > 0) {
    problems.push(
      `expected one URL beside -i, as the template of its rows, got ${urls.length}. Put them into the file.`,
    )
  }
  return {
    urls,
    files,
    format: values.format,
    delimiter: values.delimiter,
    encoding: values.encoding,
    maxLine: values['max-line'] ?? MAX_LINE,
    limit: values.limit,
    method: values.method ?? curl?.method,
    headers: over(
      curl === undefined ? [] : headersOfPasted(curl, pasted, values),
      flagHeaders(values.header ?? [], problems),
    ),
    params: values.param ?? [],
    body: ownBody ?? (curl === undefined ? undefined : bodyOfPasted(pasted, curl, files.length > 0)),
    auth: authOf(values, env, problems),
    key: values.key,
    cost: costOf(values, problems),
    checksum: checksumOf(values, problems),
    limitKey: values['limit-key'],
    name: values.then === undefined ? values.name : undefined,
    returnType: values.then === undefined || values.save === undefined ? undefined : returnTypeOf(values),
    constants: constantsOf(values),
    allowEmpty: values['allow-empty'] ?? false,
  }
}

/** Whether the command needs rows from standard input: it has no URL, or only one with columns. */
function isAwaited(urls: readonly string[]): boolean {
  const [only = ''] = urls
  return urls.length === 0 || (urls.length === 1 && isTemplate(only))
}

function costOf({ cost = [], budget = [] }: FlagValues, problems: Problem[]): InputPlan['cost'] {
  const budgets = budget.map(([name]) => name)
  for (const [name] of cost) {
    if (name === undefined || budgets.includes(name)) continue
    const near = nearest(name, budgets)
    const remedy = near === undefined ? `Add --budget ${name}=N/UNIT.` : `Did you mean '${near}'?`
    problems.push(`--cost: expected the name of a --budget, got '${name}'. ${remedy}`)
  }
  if (cost.length > 1 && cost.some(([name]) => name === undefined)) {
    problems.push('--cost: expected names where there are several, got one without. Write it as NAME=N.')
  }
  return cost
}

function checksumOf({ checksum, save, then }: FlagValues, problems: Problem[]): string | undefined {
  if (checksum !== undefined && save === undefined) {
    problems.push('--checksum: expected --save beside it, got none. It checks saved bodies: add it.')
  }
  // In a chain, only the responses of the last stage are saved.
  return then === undefined ? checksum : undefined
}

function checkCookieFlags(values: FlagValues, problems: Problem[]): void {
  if (values['no-cookies'] !== true) return
  const other = (['cookie', 'cookie-file', 'share-cookies'] as const).find(name => values[name] !== undefined)
  if (other !== undefined) problems.push(`--no-cookies: expected it without --${other}, got both. Keep one of them.`)
}

/** Merges headers by name. */
function over(below: InputPlan['headers'], above: InputPlan['headers']): InputPlan['headers'] {
  const names = new Set(above.map(([name]) => name.toLowerCase()))
  return [...below.filter(([name]) => !names.has(name.toLowerCase())), ...above]
}

/** Names of standard output. It may be redirected to a file with `>>`, so it must not be truncated. */
const STDOUT: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])

function outputPlan(values: FlagValues, stages: readonly StagePlan[], problems: Problem[]): OutputPlan {
  const files = (values.output ?? [])
    .filter(path => !STDOUT.has(path))
    .map((path): OutputFile => ({ path, format: values['output-format'] ?? outputFormatOf(path, problems) }))
  const resume = values.resume ?? false
  if (resume && !files.some(({ format }) => format === 'jsonl')) {
    problems.push('--resume: expected -o FILE.jsonl to continue, got none. Add it.')
  }
  const toStdout = values.output?.some(path => STDOUT.has(path)) === true
  checkChain(values, problems)
  const isOfItems = (stages.length === 0 ? values.items : stages.at(-1)?.items) !== undefined
  if (
    resume &&
    (isOfItems || stages.length > 0) &&
    files.length === 1 &&
    !toStdout &&
    values['write-out'] === undefined
  ) {
    problems.push(
      '--resume: expected an output for the rows besides the run file, which holds every response, got none. Add -o ROWS.jsonl, or -o ROWS.csv.',
    )
  }
  if (values['output-format'] === 'sqlite' && files.length === 0) {
    problems.push('--output-format: expected -o FILE for a database, got none. Add it.')
  }
  checkFiles(values, files, problems)
  checkResume(values, problems)
  if (values.columns !== undefined && !isTable(values, files)) {
    problems.push('--columns: expected an output with columns, got none. Add -o FILE.csv, or --output-format csv.')
  }
  if (toStdout && values['write-out'] !== undefined) {
    problems.push('-w: expected no -o - beside it, got one. Both write to standard output: keep one of them.')
  }
  const isOnStdout = toStdout || (files.length === 0 && values['write-out'] === undefined)
  const styles = stylesOf(values, files, isOnStdout, problems)
  return {
    files,
    toStdout: isOnStdout,
    format: values['output-format'] ?? 'jsonl',
    overwrite: values.overwrite ?? false,
    resume,
    items: typeof values.items === 'string' ? values.items : undefined,
    stages: stages.length,
    hasPages: values.paginate !== undefined,
    isOfItems,
    select: values.select,
    columns: values.columns?.split(',').map(name => name.trim()),
    writeOut: values['write-out'],
    ...styles,
    responseHeaders: [...new Set(values['response-headers']?.flat())],
    save: values.save,
    log: logOf(values, files, isOnStdout, problems),
    as: values.as ?? 'auto',
    order: values.order ?? 'completed',
  }
}

function checkFiles({ input }: FlagValues, files: readonly OutputFile[], problems: Problem[]): void {
  for (const { path } of files) {
    if (input?.some(one => isSameFile(one, path)) === true) {
      problems.push(`-o: expected another file than the input, got ${path} for both. Write to a file of its own.`)
    }
  }
  const twice = files.find(({ path }, at) => files.slice(0, at).some(other => isSameFile(other.path, path)))
  if (twice !== undefined) problems.push(`-o: expected files that differ, got ${twice.path} twice. Keep one of them.`)
}

/** How text is written. A flag that would change nothing is a mistake. */
function stylesOf(
  values: FlagValues,
  files: readonly OutputFile[],
  isOnStdout: boolean,
  problems: Problem[],
): Pick<OutputPlan, 'delimiter' | 'hasBom' | 'isOfValues' | 'isPretty'> {
  const onStdout = isOnStdout ? (values['output-format'] ?? 'jsonl') : undefined
  const formats = [onStdout, ...files.map(({ format }) => format)]
  const { bom = false, pretty = false, values: isOfValues = false, resume = false } = values
  if (values['output-delimiter'] !== undefined && !formats.includes('csv')) {
    problems.push('--output-delimiter: expected an output in CSV, got none. Add -o FILE.csv, or --output-format csv.')
  }
  if (bom && !formats.includes('csv') && !formats.includes('tsv')) {
    problems.push('--bom: expected an output in CSV or TSV, got none. Add -o FILE.csv, or --output-format csv.')
  }
  // The first file of JSON lines is the run file then, which holds whole rows.
  if (isOfValues && formats.filter(format => format === 'jsonl').length <= (resume ? 1 : 0)) {
    const expected = resume ? 'JSON lines besides the run file, which holds whole rows' : 'JSON lines as an output'
    problems.push(`--values: expected ${expected}, got none. Add -o -, or another -o FILE.jsonl.`)
  }
  if (pretty && onStdout !== 'jsonl') {
    problems.push('--pretty: expected JSON on standard output, got none. Add -o -, or leave it out.')
  }
  const delimiter = values['output-delimiter'] ?? ','
  return { delimiter: delimiter === 'tab' ? '\t' : delimiter, hasBom: bom, isOfValues, isPretty: pretty }
}

function checkResume(values: FlagValues, problems: Problem[]): void {
  const { resume = false } = values
  if (values.overwrite === true && resume) {
    problems.push('--overwrite: expected it without --resume, got both. Keep one of them.')
  }
  if (values['retry-failed'] === true && !resume) {
    problems.push('--retry-failed: expected --resume beside it, got none. Add it.')
  }
  if (values['retry-only'] !== undefined && !resume) {
    problems.push('--retry-only: expected --resume beside it, got none. Add it.')
  }
  if (values.name !== undefined && values.save === undefined) {
    problems.push('--name: expected --save beside it, got none. It names what is saved: add it.')
  }
}

function checkChain(values: FlagValues, problems: Problem[]): void {
  if (values.then === undefined) return
  if (values['max-items'] !== undefined) {
    problems.push('--max-items: expected it without --then, got both. Leave one of them out.')
  }
  if (values.save === undefined) return
  if (values.items !== undefined) {
    problems.push('--items: expected --each after the first --then, since bodies are saved, got --items. Use --each.')
  }
  if (values['then-items'] !== undefined) {
    problems.push('--then-items: expected it without --save, got both. Use --each after the next --then.')
  }
}

function logOf(
  { log, input, 'write-out': writeOut }: FlagValues,
  files: readonly OutputFile[],
  toStdout: boolean,
  problems: Problem[],
): string | undefined {
  if (log === undefined) return undefined
  if (STDOUT.has(log)) {
    if (toStdout || writeOut !== undefined) {
      problems.push(
        '--log: expected a file, got standard output, which has the results. Write them to a file with -o, or the log.',
      )
    }
    return '-'
  }
  const [other] = [...(input ?? []), ...files.map(({ path }) => path)].filter(path => isSameFile(path, log))
  if (other !== undefined) problems.push(`--log: expected a file of its own, got ${other} twice. Choose another.`)
  return log
}

/** Whether one of the outputs has columns. */
function isTable(values: FlagValues, files: readonly OutputFile[]): boolean {
  return [values['output-format'], ...files.map(({ format }) => format)].some(
    format => format !== 'jsonl' && format !== undefined,
  )
}
