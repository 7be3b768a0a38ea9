/** `preq report`: what happened in a run, as a text on standard output or as a file. Sends nothing. */
import { statSync } from 'node:fs'
import { extname } from 'node:path'
import type { ReportFlags } from '../args.ts'
import { isSameFile } from '../same-file.ts'
import { UsageError } from '../usage-error.ts'
import { nearest } from '../../config/names.ts'
import { harOfFile } from '../../report/har.ts'
import { FORMATS, report as reportOf } from '../../report/report.ts'
import type { ReportFormat } from '../../report/report.ts'
import { openFileOutput } from '../../sinks/file-output.ts'
import type { FileOutput } from '../../sinks/file-output.ts'
import { ConfigError } from '../../core/error.ts'
import { sayProblem } from '../../core/problem.ts'
import { refusalOf } from '../../sinks/refusal.ts'

const EXTENSIONS: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.json': 'json',
  '.csv': 'csv',
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.txt': 'text',
}

/** Returns the exit code. */
export async function report(paths: readonly string[], flags: ReportFlags): Promise<number> {
  if (paths.length > 2) throw new UsageError(`report: expected one run file, or two to compare, got ${paths.length}.`)
  const path = paths.at(-1) as string
  const before = paths.length === 2 ? paths[0] : undefined
  const { output, har, bodies } = flags
  if (bodies === true && har === undefined) throw new UsageError('--bodies: expected --har FILE beside it, got none.')
  if (har !== undefined && before !== undefined)
    throw new UsageError('--har: expected one run file beside it, got two.')
  const format = formatOf(flags)
  for (const [flag, file] of [
    ['-o', output],
    ['--har', har],
  ] as const) {
    if (file === undefined || !paths.some(one => isSameFile(one, file))) continue
    throw new UsageError(`${flag} ${file}: expected another file than the run file, got the same. Give a new name.`)
  }
  // Reading may take a while, so what is known before is said before.
  if (output !== undefined && flags.overwrite !== true && isRegularFile(output)) throw refused(output, EXISTS)
  if (har !== undefined) {
    await writeHar(path, har, flags)
    if (output === undefined && flags.format === undefined) return 0
  }
  const text = await reportOf(path, { format, before })
  if (output === undefined) process.stdout.write(text)
  else await write(output, text, flags.overwrite === true)
  return 0
}

function formatOf({ format, output }: ReportFlags): ReportFormat {
  if (format !== undefined) {
    const known = FORMATS.find(name => name === format)
    if (known !== undefined) return known
    const near = nearest(format, FORMATS)
    const remedy = near === undefined ? '' : ` Did you mean '${near}'?`
    throw new UsageError(`--format: expected ${FORMATS.join(', ')}, got '${format}'.${remedy}`)
  }
  if (output === undefined) return 'text'
  const known = EXTENSIONS[extname(output).toLowerCase()]
  if (known !== undefined) return known
  throw new UsageError(
    `-o ${output}: expected a name with ${Object.keys(EXTENSIONS).join(', ')}, got ${output}. Or give --format.`,
  )
}

const EXISTS = Object.assign(new Error('EEXIST: file already exists'), { code: 'EEXIST' })

const isRegularFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

const refused = (path: string, error: unknown, flag = '-o'): UsageError =>
  new UsageError(sayProblem(refusalOf(path, error, `${flag} ${path}`)), 74)

async function writeHar(path: string, target: string, { bodies, overwrite }: ReportFlags): Promise<void> {
  if (overwrite !== true && isRegularFile(target)) throw refused(target, EXISTS, '--har')
  await harOfFile({ path, target, bodies: bodies === true, overwrite: overwrite === true })
}

/** A file that is replaced stays as it is until the new one is complete. */
async function write(path: string, text: string, overwrite: boolean): Promise<void> {
  let file: FileOutput
  try {
    file = openFileOutput('-o', path, { overwrite })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new UsageError(
      error.problems.map(said => said.replace(/^cannot write /, 'cannot write -o ')),
      74,
    )
  }
  try {
    try {
      await file.write(Buffer.from(text))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw refused(path, error)
  }
}
