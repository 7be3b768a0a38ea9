/** The outputs of a run: files, standard output, the folder of `--save`, and the run file. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { columnsOf } from './columns.ts'
import type { Column } from './columns.ts'
import { runFileDraft, tableDraft, textDraft } from './draft.ts'
import type { Draft } from './draft.ts'
import { OUTCOME_FIELDS, fieldsOf } from './fields.ts'
import type { Fields } from './fields.ts'
import { rowsOf } from './rows.ts'
import { readSelection } from './select.ts'
import type { Selection } from './select.ts'
import { several } from './several.ts'
import { jsonOutput } from './values.ts'
import { writeOutTemplate } from './write-out.ts'
import type { OutputFormat, OutputPlan, OutputFile } from '../run-plan.ts'
import { printableLines } from '../../core/printable.ts'
import { UsageError } from '../usage-error.ts'
import type { Outcome, Sink } from '../../index.ts'
import { refusalOf } from '../../sinks/refusal.ts'
import { csv, sqlite } from '../../sinks/index.ts'
import type { CsvOptions } from '../../sinks/index.ts'
import { isFixed } from '../../sinks/sqlite-table.ts'
import { TextRows } from '../../sinks/text-rows.ts'

export interface Output {
  readonly sink: Sink
  /** Path of the run file while it is written. */
  readonly resume: string | undefined
  /** Its path once the run is over. */
  readonly runFile: string | undefined
  /** Warnings for the summary. */
  remarks(): readonly string[]
  /** Takes the locks. Called last, when nothing else can refuse the run. */
  begin(): void
  /** After a complete run: gives every output its name. MUST be called after the sink is closed, as must `discard`. */
  keep(): Promise<void>
  /** After a refused run: restores what was there. */
  discard(): void
  /** After a failed run: keeps what was there, and the new rows beside it. Returns sentences that say where. */
  leave(): readonly string[]
}

/** What the output needs to know about the input. */
export interface InputShape {
  readonly columns: readonly string[]
  readonly hasKey: boolean
  /** Whether an input may make several rows: items, or requests that follow. */
  readonly hasFollowUps: boolean
  /** Whether the column `url` gives the URL of each request. */
  readonly hasUrls: boolean
}

/** Throws a UsageError if an output cannot be written. Called before anything is sent. */
export function openOutput(plan: OutputPlan, input: InputShape): Output {
  const { responseHeaders } = plan
  const selection = plan.select === undefined ? undefined : readSelection(plan.select)
  if (plan.save !== undefined && selection !== undefined) checkSaved(selection)
  const columns = columnsOf(plan, input, selection)
  const runFile = runFileAmong(plan, selection)
  for (const { path } of plan.files) checkPlace(path, plan)
  const rest = plan.files.filter(file => file !== runFile)
  const onStdout = [
    ...(plan.toStdout ? [toStdout(plan.format)] : []),
    ...(plan.writeOut === undefined
      ? []
      : [writeOut(plan.writeOut, fieldsOf(input.columns, selection, responseHeaders, plan.stages))]),
  ]
  const drafts: Draft[] = []
  try {
    for (const file of rest) drafts.push(toFile(file))
  } catch (error) {
    for (const draft of drafts) draft.discard()
    throw error
  }
  // A run continues its run file. With --overwrite, the run file is started over.
  const anew = plan.overwrite && runFile !== undefined ? runFileDraft(runFile.path) : undefined
  const all = several([...onStdout, ...drafts.map(({ sink }) => sink)])
  const rows = rowsOf(all, plan)
  return {
    sink: rows.sink,
    resume: anew?.part ?? runFile?.path,
    runFile: runFile?.path,
    remarks: () => [
      ...(rows.isMissed() ? [noList(plan)] : []),
      ...(selection?.missed().map(name => `no value had '${name}' (--select)`) ?? []),
    ],
    begin() {
      for (const draft of drafts) draft.begin()
      anew?.begin()
    },
    async keep() {
      // Every draft is tried, even if another one fails.
      await Promise.all([anew, ...drafts].map(async draft => draft?.keep()))
    },
    discard() {
      anew?.discard()
      for (const draft of drafts) draft.discard()
    },
    leave: () => [anew, ...drafts].map(draft => draft?.leave()).filter(sentence => sentence !== undefined),
  }

  function toFile({ path, format }: OutputFile): Draft {
    if (format === 'sqlite') {
      const more = tableColumns(columns, plan, input.columns)
      return tableDraft(path, (table, overwrite) => {
        let whole: Outcome
        // The sink makes the row during `write`: extra columns from the whole value, `value` from the selection.
        const own = more.map(({ name, value }) => ({ name, value: () => value(whole) }))
        const sink = selected(sqlite(path, { table, overwrite, columns: own }), selection)
        return { write: outcome => sink.write((whole = outcome)), close: () => sink.close() }
      })
    }
    if (format === 'jsonl') {
      return textDraft(path, (place, overwrite) => selected(jsonOutput(place, plan, { overwrite }), selection))
    }
    return textDraft(path, (place, overwrite) => csv(place, { columns, overwrite, ...tableStyle(format, plan) }))
  }

  function toStdout(format: OutputFormat): Sink {
    if (format === 'csv' || format === 'tsv') {
      return csv(process.stdout, {
        columns: process.stdout.isTTY ? columns.map(onTerminal) : columns,
        ...tableStyle(format, plan),
      })
    }
    return selected(jsonOutput(process.stdout, plan, {}, plan.isPretty), selection)
  }
}

/** A terminal would act on control characters in what servers say. */
function onTerminal({ name, value }: Column): Column {
  return {
    name,
    value(outcome) {
      const cell = value(outcome)
      return typeof cell === 'string' ? printableLines(cell) : cell
    },
  }
}

/** TSV is written without quotes, as it is read. */
function tableStyle(format: 'csv' | 'tsv', { delimiter, hasBom }: OutputPlan): CsvOptions {
  return format === 'tsv' ? { delimiter: '\t', quotes: false, bom: hasBom } : { delimiter, bom: hasBom }
}

/** Columns beyond the fixed ones. Names in SQLite are case-insensitive, so a duplicate gets its prefix. */
function tableColumns(
  columns: readonly Column[],
  { columns: chosen, responseHeaders }: OutputPlan,
  ofInput: readonly string[],
): Column[] {
  const taken = new Set<string>()
  return columns
    .filter(({ name }) => !(Object.hasOwn(OUTCOME_FIELDS, name) && (chosen === undefined || isFixed(name))))
    .map(({ name, value }) => {
      const isTaken = isFixed(name) || taken.has(name.toLowerCase())
      const prefix = responseHeaders.includes(name) ? 'header' : ofInput.includes(name) ? 'row' : 'value'
      const own = isTaken ? `${prefix}.${name}` : name
      taken.add(own.toLowerCase())
      return { name: own, value }
    })
}

/**
 * JSON lines in a file are a run file even without `--resume`, so that a later run can resume them. A run file holds whole
 * values and all requests, so with `--select`, `--items`, `--values` or `--then` and without `--resume` the output has plain lines
 * instead.
 */
function runFileAmong(
  { files, resume, isOfItems, isOfValues, stages }: OutputPlan,
  selection: Selection | undefined,
): OutputFile | undefined {
  if ((selection !== undefined || isOfItems || isOfValues || stages > 0) && !resume) return undefined
  // A device or pipe cannot be read back.
  return files.find(({ path, format }) => format === 'jsonl' && (resume || isFileOrNothing(path)))
}

const noList = ({ items, stages }: OutputPlan): string =>
  stages > 0
    ? 'no response of the last stage had a list of items (--then-items)'
    : `no response had a list at '${items}' (--items)`

/** Refuses to overwrite a file without `--overwrite`, and to create a missing folder. */
function checkPlace(path: string, { files, overwrite, resume }: OutputPlan): void {
  const folder = dirname(path)
  if (!existsSync(folder)) throw new UsageError(refusalOf(path, { code: 'ENOENT' }, `-o ${path}`), 74)
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory() === true) throw new UsageError(refusalOf(path, { code: 'EISDIR' }, `-o ${path}`), 74)
  // Writing to a terminal, a pipe or /dev/null loses nothing.
  if (there?.isFile() === true && !resume && !overwrite) {
    // Only a run file can be resumed.
    const remedy = files.some(({ format }) => format === 'jsonl') ? 'Add --resume or --overwrite' : 'Add --overwrite'
    const { cannot, because } = refusalOf(path, { code: 'EEXIST' }, `-o ${path}`)
    throw new UsageError({ cannot, because, remedy: `${remedy}, or write to another file.` })
  }
  try {
    if (there !== undefined) accessSync(path, constants.W_OK)
    // Drafts and locks are created in the same folder.
    if (there?.isFile() !== false) accessSync(dirname(there === undefined ? path : realpathSync(path)), constants.W_OK)
  } catch (error) {
    throw new UsageError(refusalOf(path, error, `-o ${path}`), 74)
  }
}

function isFileOrNothing(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() !== false
}

function selected(sink: Sink, selection: Selection | undefined): Sink {
  if (selection === undefined) return sink
  return {
    write: outcome => sink.write(outcome.ok ? { ...outcome, value: selection.of(outcome.value) } : outcome),
    close: () => sink.close(),
  }
}

/** A saved body is not read again: its value is `{ path, bytes }`, so `--select` can only choose these. */
function checkSaved({ parts }: Selection): void {
  for (const { name, of } of parts) {
    if ((of({ path: 'x', bytes: 1 }) ?? undefined) !== undefined) continue
    throw new UsageError(
      `--select: expected 'path' or 'bytes' beside --save, which does not read the bodies that it saves, got '${name}'. Leave it out.`,
    )
  }
}

function writeOut(template: string, fields: Fields): Sink {
  const textOf = writeOutTemplate(template, fields, process.stdout.isTTY ? printableLines : undefined)
  return new TextRows(
    'write-out',
    process.stdout,
    {},
    {
      rowOf: textOf,
      sizeOf: text => text.length,
      textOf: texts => texts.join(''),
      header: '',
    },
  )
}
