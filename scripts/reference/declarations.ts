/** The types of the options as the sources declare them, with their doc comments. Only the syntax is read. */
import { readFileSync } from 'node:fs'
import ts from 'typescript-5.9'

const FILES = [
  'client/infer.ts',
  'client/infer-pages.ts',
  'core/connection-options.ts',
  'core/events.ts',
  'core/follow.ts',
  'core/options.ts',
  'core/pagination.ts',
  'core/poll.ts',
  'core/progress.ts',
  'core/proxy-options.ts',
  'core/resume-options.ts',
  'core/spec.ts',
]

export interface Doc {
  /** Markdown, in paragraphs. */
  readonly text: string
  readonly examples: readonly string[]
}

export interface Field {
  readonly name: string
  readonly isOptional: boolean
  readonly type: string
  readonly doc: Doc | undefined
}

export interface Declaration {
  readonly name: string
  readonly doc: Doc | undefined
  /** The fields of an interface. */
  readonly fields: readonly Field[]
  /** The definition of a type that is no interface. */
  readonly definition: string | undefined
}

/** Every interface and type alias of the files, by name. */
export function declarations(): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>()
  for (const file of FILES) {
    const source = ts.createSourceFile(file, readFileSync(`src/${file}`, 'utf8'), ts.ScriptTarget.Latest, true)
    for (const statement of source.statements) {
      const declared = declarationOf(statement)
      if (declared !== undefined) found.set(declared.name, declared)
    }
  }
  return found
}

function declarationOf(statement: ts.Statement): Declaration | undefined {
  if (ts.isInterfaceDeclaration(statement)) {
    const parameters = parametersOf(statement.typeParameters)
    const fields = statement.members.map(member => fieldOf(member, parameters)).filter(field => field !== undefined)
    return { name: statement.name.text, doc: docOf(statement), fields, definition: undefined }
  }
  if (!ts.isTypeAliasDeclaration(statement)) return undefined
  const definition = shown(statement.type.getText(), parametersOf(statement.typeParameters))
  return { name: statement.name.text, doc: docOf(statement), fields: [], definition }
}

function fieldOf(member: ts.TypeElement, parameters: ReadonlyMap<string, string>): Field | undefined {
  const { name, questionToken } = member
  if (name === undefined) return undefined
  const type = typeOf(member)
  if (type === undefined) return undefined
  return {
    name: name.getText(),
    isOptional: questionToken !== undefined,
    type: shown(type, parameters),
    doc: docOf(member),
  }
}

function typeOf(member: ts.TypeElement): string | undefined {
  if (ts.isPropertySignature(member)) return member.type?.getText()
  if (!ts.isMethodSignature(member)) return undefined
  const parameters = member.parameters.map(parameter => parameter.getText()).join(', ')
  return `(${parameters}) => ${member.type?.getText() ?? 'void'}`
}

/** Type parameters by name, with what they extend. */
function parametersOf(parameters: readonly ts.TypeParameterDeclaration[] | undefined): ReadonlyMap<string, string> {
  return new Map(
    (parameters ?? []).map(({ name, constraint }) => [name.text, shown(constraint?.getText() ?? 'unknown', new Map())]),
  )
}

/** What a parameter that has a mark for "not given" stands for. */
const MARKED: Readonly<Record<string, string>> = { AnyReturnType: 'ReturnTypeName', AnyFailureMode: 'FailureMode' }

/** A type as the documentation shows it: on one line, without `undefined`, and without type parameters. */
function shown(text: string, parameters: ReadonlyMap<string, string>): string {
  const flat = text
    .replaceAll(/(?<![{,;|(])\n(?=\s*\w+\??:)/g, '; ')
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?\| undefined(?![\w])/g, '')
    // What these make of the value depends on other options.
    .replaceAll(/\b(?:ParseInput|ItemInput)<[^>]*>/g, 'unknown')
    .replaceAll(/\{ \w+(\([^}]*\)): ([^}]+) \}\['\w+'\]/g, '($1 => $2)')
    .replaceAll(/\((\w) & (?:keyof RawValues|\([^)]*\))\)/g, '$1')
    .replace(/^\| /, '')
    .trim()
  return [...parameters].reduce(
    (type, [name, limit]) => type.replaceAll(new RegExp(`\\b${name}\\b(?! =>)`, 'g'), MARKED[limit] ?? limit),
    flat,
  )
}

function docOf(node: ts.Node): Doc | undefined {
  const comment = ts.getJSDocCommentsAndTags(node).findLast(ts.isJSDoc)
  if (comment === undefined) return undefined
  const examples = (comment.tags ?? []).filter(tag => tag.tagName.text === 'example')
  return { text: textOf(comment.comment), examples: examples.map(tag => textOf(tag.comment)) }
}

const textOf = (comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string =>
  (ts.getTextOfJSDocComment(comment) ?? '')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    // A line break within a paragraph is none in Markdown; a list keeps its own.
    .replaceAll(/(?<!\n)\n(?!\n|- )/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
