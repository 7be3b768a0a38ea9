/** The promises of `preq`. */
import { mutant } from './mutant.ts'
import type { Mutant } from './mutant.ts'

const RUN = 'src/cli/commands/run.ts'
const RUN_PLAN = 'src/cli/run-plan.ts'
const RUN_OPTIONS = 'src/cli/run-options.ts'
const OUTPUT = 'src/cli/output/output.ts'
const MAIN = 'src/cli/main.ts'
const SIGNALS = 'src/cli/signals.ts'
const JOBS = 'src/cli/input/jobs.ts'
const LINES = 'src/cli/input/lines.ts'
const RECORDS = 'src/cli/input/record-reader.ts'
const TEXT = 'src/cli/input/text.ts'
const URL_TEMPLATE = 'src/cli/template/url.ts'
const TEXT_TEMPLATE = 'src/cli/template/text.ts'
const JSON_TEMPLATE = 'src/cli/template/json.ts'
const ARGS = 'src/cli/args.ts'
const ARGUMENTS = 'src/cli/input/arguments.ts'
const EXACT = 'src/core/exact-json.ts'
const FIELDS = 'src/cli/output/fields.ts'
const CURL = 'src/cli/plan/curl-command.ts'

const PLACES = 'test/cli/template/places.test.ts'
const IN = 'test/cli/input.test.ts'
const PASTED = 'test/cli/curl/commands.test.ts'
const CELLS = 'test/cli/input/rows.test.ts'
const LINE_TESTS = 'test/cli/input/lines.test.ts'
const WORDS = 'test/cli/arguments.test.ts'
const NUMBERS = 'test/cli/numbers.test.ts'
const NAMES = 'test/cli/names.test.ts'
const OUT = 'test/cli/output.test.ts'
const SHOWN = 'test/cli/run-flags.test.ts'

export const CLI_MUTANTS: readonly Mutant[] = [
  // What goes in is what was meant
  mutant(
    'preq: a word near a command is that command',
    ARGS,
    'if (near === undefined && others.length > 0)',
    'if (others.length > 0)',
    WORDS,
  ),
  mutant(
    'preq: a word without a dot is no URL',
    ARGUMENTS,
    'if (hasBase) return',
    'if (hasBase || words.length > 1) return',
    WORDS,
  ),
  mutant(
    'preq: a slip in a column is refused in a header',
    TEXT_TEMPLATE,
    'partsOf(text, columns, ({ name }) => refuse(flag, name, columns))',
    'partsOf(text, columns, () => undefined)',
    PLACES,
  ),
  mutant(
    'preq: a slip in a column is refused in a body',
    TEXT_TEMPLATE,
    "kind === 'close' || nearest(name, columns.names) !== undefined",
    "kind === 'close'",
    PLACES,
  ),
  mutant(
    'preq: doubled braces are meant',
    'src/cli/template/braces.ts',
    'literal += `{${content}}`',
    'literal += whole',
    PLACES,
  ),
  mutant(
    'preq: a range beside columns is expanded',
    JOBS,
    'mayHaveRanges ? ranged(some) : some.map(one => jobOf(one))',
    'some.map(one => jobOf(one))',
    WORDS,
  ),
  mutant(
    'preq: rows that change nothing are refused',
    JOBS,
    'if (template === undefined || isTemplate(template)',
    'if (template !== null || isTemplate(template)',
    WORDS,
  ),
  mutant(
    'preq: numbers are sent as they were written',
    EXACT,
    'String(value) !== source ? rawJSON(source) : value',
    'source === undefined ? rawJSON(source) : value',
    NUMBERS,
  ),
  mutant('preq: integers of answers come out whole', RUN, '  keepIntegers()\n', '', NUMBERS),
  mutant(
    'preq: a selection that computes gets numbers',
    'src/cli/output/select.ts',
    'computes ? asDoubles(given) : given',
    'given',
    NUMBERS,
  ),
  mutant(
    'preq: a bare name is a field of ours',
    FIELDS,
    '    ...OUTCOME_FIELDS,\n',
    '    ...OUTCOME_FIELDS,\n    ...Object.fromEntries(ofColumns),\n',
    NAMES,
  ),

  // A pasted command
  mutant(
    'preq: data of curl keeps its order',
    'src/cli/curl/data.ts',
    "if (pieces.length > 0 && name !== 'json') pieces.push('&')",
    "if (pieces.length > 0) pieces.push('&')",
    PASTED,
  ),
  mutant(
    'preq: a URL that curl would spell otherwise is refused',
    'src/cli/curl/urls.ts',
    'if (ours === theirs) return url',
    'if (ours === theirs || isPathAsIs) return url',
    PASTED,
  ),
  mutant(
    'preq: a shell would expand a tilde behind an equals sign, too',
    'src/cli/curl/words.ts',
    '/(?:^|[=:])~/',
    '/^~/',
    PASTED,
  ),
  mutant(
    'preq: a pasted command keeps no cookies unless it asks for them',
    'src/cli/curl/into-plan.ts',
    '...(!keepsCookies && { cookies: false as const }),',
    '',
    PASTED,
  ),

  // What is refused before anything is sent
  mutant(
    'preq: an output that is there is not replaced unasked',
    OUTPUT,
    'if (there?.isFile() === true && !resume && !overwrite) {',
    'if (there === null) {',
    OUT,
  ),
  mutant(
    'preq: an output is not the input',
    RUN_PLAN,
    'if (values.input?.some(input => isSameFile(input, path)) === true) {',
    'if (values.input === null) {',
    OUT,
  ),
  mutant(
    'preq: a missing folder of an output is found first',
    OUTPUT,
    'if (!existsSync(folder))',
    'if (folder === undefined)',
    OUT,
  ),
  mutant(
    'preq: 74 for an output in a missing folder',
    OUTPUT,
    'got ${folder}. Create it first.`, 74)',
    'got ${folder}. Create it first.`)',
    OUT,
  ),
  mutant('preq: 74 for an output that fills up', MAIN, 'SinkError: 74 }', 'SinkError: 1 }', OUT),
  mutant(
    'preq: --resume needs a run file',
    RUN_PLAN,
    "if (resume && !files.some(({ format }) => format === 'jsonl')) {",
    'if (resume && files === null) {',
    OUT,
  ),
  mutant(
    'preq: a unit is required',
    'src/cli/flag-readers.ts',
    "read(infinite(typeof value === 'number' ? String(value) : value), name, problems)",
    "read(infinite(typeof value === 'string' && /^\\d+$/.test(value) ? Number(value) * 1000 : value), name, problems)",
    IN,
  ),
  mutant(
    'preq: a column of a URL must be there',
    URL_TEMPLATE,
    'expressionOf(token.text, names) ?? missing(',
    'expressionOf(token.text, names) ?? String(',
    IN,
  ),
  mutant('preq: binary input is refused', JOBS, "if (content.includes('\\0'))", "if (content === '\\0')", IN),
  // What goes in
  mutant(
    'preq: cells are percent-encoded in a URL',
    'src/cli/template/expand.ts',
    'reserved === true ? literalText(wellFormed(text)) : unreserved(text)',
    'literalText(wellFormed(text))',
    IN,
  ),
  mutant(
    'preq: cells are escaped inside of quotes of JSON',
    JSON_TEMPLATE,
    'kinds[at] ? JSON.stringify(cellText(cell)).slice(1, -1) :',
    'kinds[at] ? cellText(cell) :',
    IN,
  ),
  mutant(
    'preq: cells are JSON values outside of quotes',
    JSON_TEMPLATE,
    '.slice(1, -1) : jsonCell(cell)',
    '.slice(1, -1) : cellText(cell)',
    IN,
  ),
  mutant('preq: the line of a row', RECORDS, 'line: this.#recordLine, problem', 'line: this.#line, problem', CELLS),
  mutant('preq: the line of a list', LINES, 'let line = 0', 'let line = 1', IN),
  mutant('preq: text without its byte-order mark', TEXT, 'utf8(marked?.mark.length ?? 0)', 'utf8(0)', IN),
  mutant('preq: text that is not UTF-8 is refused', TEXT, 'if (isUtf8(whole)) return', 'if (isUtf8) return', CELLS),
  mutant('preq: a character cut in two is one', TEXT, ': all.subarray(0, wholeLength(all))', ': all', CELLS),
  mutant(
    'preq: a CRLF cut in two is one line end',
    RECORDS,
    '(at === 0 ? this.#endedInCr :',
    '(at === 0 ? false :',
    CELLS,
  ),
  mutant(
    'preq: a row whose quotes say two things is not sent',
    RECORDS,
    'problem: this.#problem',
    'problem: undefined',
    CELLS,
  ),
  mutant(
    'preq: a quote that is never closed is told',
    RECORDS,
    "if (this.#mode === 'quoted') {\n      this.#failure",
    "if (this.#mode === 'bare') {\n      this.#failure",
    CELLS,
  ),
  mutant('preq: a line has a limit', LINES, 'isTooLong = held > maxLine', 'isTooLong = false', LINE_TESTS),
  mutant('preq: a row has a limit', RECORDS, 'if (this.#held > this.#format.maxLine)', 'if (false)', CELLS),
  {
    guard: 'preq: a list without CR and blanks around its lines',
    edits: [
      { file: LINES, find: 'text.split(/\\r\\n|[\\r\\n]/)', put: "text.split('\\n')" },
      { file: JOBS, find: 'withoutNote(text.trim()) : text.trim()', put: 'withoutNote(text) : text' },
    ],
    tests: [IN],
  },
  // What comes out
  mutant(
    'preq: --select',
    OUTPUT,
    'sink.write(outcome.ok ? { ...outcome, value: selection.of(outcome.value) } : outcome)',
    'sink.write(outcome)',
    OUT,
  ),
  mutant(
    'preq: cells of CSV are quoted',
    'src/sinks/csv.ts',
    'hasQuotes ? stringify(rows as string[][], format) :',
    '!hasQuotes ? stringify(rows as string[][], format) :',
    OUT,
  ),
  mutant('preq: progress is no data', RUN, 'stream: process.stderr,', 'stream: process.stdout,', SHOWN, OUT),
  mutant(
    'preq: the summary is no data',
    RUN,
    'process.stderr.write(tally.text(remarks))',
    'process.stdout.write(tally.text(remarks))',
    OUT,
  ),
  mutant(
    'preq: --quiet is without a summary',
    'src/cli/tally.ts',
    "if (quiet) return printableLines(lines.join(''))",
    'if (quiet && lines === null) return remedy',
    SHOWN,
  ),
  mutant(
    'preq: --quiet is without progress',
    RUN_PLAN,
    "values['no-progress'] || values.quiet ? 'none' :",
    "values['no-progress'] ? 'none' :",
    SHOWN,
  ),
  // Exit codes and signals
  mutant('preq: 1 when some failed', RUN, '(tally.isWhole ? 0 : 1)', '(tally.isWhole ? 0 : 0)', OUT),
  mutant('preq: 1 when the input broke off', 'src/cli/tally.ts', '!this.broken && !this.stopped && ', '', OUT),
  mutant('preq: 141 when the reader goes away', MAIN, "if (error.code === 'EPIPE')", "if (error.code === 'none')", OUT),
  mutant('preq: the first Ctrl-C lets what is under way finish', SIGNALS, '      stop()\n', '      abort()\n', OUT),
  mutant('preq: the second Ctrl-C ends it', SIGNALS, 'count === 2) abort()', 'count === 2) stop()', OUT),
  mutant('preq: 130 when interrupted', SIGNALS, 'exitCode ??= 130', 'exitCode ??= 1', OUT),
  mutant('preq: 143 after SIGTERM', SIGNALS, 'exitCode ??= 143', 'exitCode ??= 1', OUT),
  mutant('preq: SIGTERM leaves every line whole', SIGNALS, "process.on('SIGTERM', onTerm)", '', OUT),
  mutant(
    'preq: a signal does not wait for the input',
    RUN,
    'signals.close()\n    jobs.close()\n',
    'signals.close()\n',
    'test/cli/signals.test.ts',
  ),
  mutant(
    'preq: a signal does not wait for a pipe',
    'src/cli/input/open-input.ts',
    '?.isFIFO() === true',
    '?.isFIFO() === null',
    'test/cli/signals.test.ts',
  ),
  // Going on, and giving up
  mutant(
    'preq: --resume goes on with what is there',
    OUTPUT,
    'plan.overwrite && runFile !== undefined ? runFileDraft',
    'runFile !== undefined ? runFileDraft',
    OUT,
  ),
  mutant(
    'preq: one run at a time has a run file',
    'src/store/lock.ts',
    'const lockPath = `${path}.lock`',
    'const lockPath = `${path}.${process.pid}.lock`',
    'test/cli/outputs.test.ts',
  ),
  mutant(
    'preq: --fail-fast',
    RUN_OPTIONS,
    "values['fail-fast'] === true ? 1 : values['max-failures']",
    "values['max-failures']",
    OUT,
  ),
  mutant(
    'preq: --max-failures',
    RUN_OPTIONS,
    "=== true ? 1 : values['max-failures']",
    '=== true ? 1 : undefined',
    SHOWN,
  ),
  mutant(
    'preq: flags win over the environment, and that over a file',
    'src/cli/settings.ts',
    'new Map([...ofFile, ...ofEnv, ...ofFlags])',
    'new Map([...ofFlags, ...ofEnv, ...ofFile])',
    OUT,
  ),
  // Plans and secrets
  mutant(
    'preq: a plan blots out secrets of a URL',
    CURL,
    'quoted(printableUrl(url, plan.secretNames))',
    'quoted(url)',
    'test/cli/commands.test.ts',
  ),
  mutant(
    'preq: a plan blots out secret headers',
    CURL,
    'isSecretName(name, plan.secretNames) ? REDACTED :',
    "name === '' ? REDACTED :",
    'test/cli/commands.test.ts',
  ),
  mutant(
    'preq: a plan blots out credentials',
    CURL,
    'quoted(`authorization: ${REDACTED}`)',
    'quoted(`authorization: ${JSON.stringify(credentials)}`)',
    'test/cli/commands.test.ts',
  ),
  mutant(
    'preq: secrets of the environment',
    'src/cli/secret.ts',
    "if (!text.startsWith('env:')) return text",
    "if (text !== '') return text",
    OUT,
  ),
  mutant(
    'preq: a plan counts duplicates',
    'src/cli/plan/survey.ts',
    'id !== undefined && seen.add(id)',
    'id !== undefined && !seen',
    'test/cli/commands.test.ts',
  ),
  mutant(
    'preq: an output is replaced by one run at a time',
    'src/cli/output/draft.ts',
    'const own = lock(place, `-o: ${path}`)',
    'const own = { release() {} }',
    'test/cli/outputs.test.ts',
  ),
  mutant(
    'preq: a file that goes on takes no name that is there',
    'src/cli/output/save.ts',
    'goesOn && isThere(',
    'goesOn && isThere(`${name}?`) && isThere(',
    'test/cli/outputs.test.ts',
  ),
  mutant(
    'preq: the input is not the output by a link',
    'src/cli/same-file.ts',
    'one !== undefined && one === other',
    'false',
    'test/cli/outputs.test.ts',
  ),
]
