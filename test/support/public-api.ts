/** Everything that the package exports, as the sources declare it, with its doc comments. Only the syntax is read. */
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript-5.9'
import { ENTRIES } from '../../scripts/site/api.ts'

export interface Exported {
  readonly name: string
  /** The name of the entry by which it is imported. */
  readonly entry: string
  /** Overloads have several. */
  readonly declarations: readonly ts.Statement[]
}

const read = new Map<string, ts.SourceFile>()

function parsed(path: string): ts.SourceFile {
  const source = read.get(path) ?? ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  read.set(path, source)
  return source
}

interface PassedOn {
  readonly name: string
  /** The module that it comes from. */
  readonly path: string
}

/** What a module passes on from others. */
function passedOn(path: string): PassedOn[] {
  return parsed(path).statements.flatMap(statement => {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined) return []
    const { exportClause, moduleSpecifier } = statement
    const from = posix.join(posix.dirname(path), (moduleSpecifier as ts.StringLiteral).text)
    return exportClause !== undefined && ts.isNamedExports(exportClause)
      ? exportClause.elements.map(({ name }) => ({ name: name.text, path: from }))
      : []
  })
}

/** The declarations of a name in a module, or in the module that it is passed on from. */
function declarationsOf({ name, path }: PassedOn): ts.Statement[] {
  const found = parsed(path).statements.filter(statement => namesOf(statement).includes(name))
  if (found.length > 0) return found
  return passedOn(path)
    .filter(one => one.name === name)
    .flatMap(declarationsOf)
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText())
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Identifier }
  return name === undefined ? [] : [name.text]
}

/** Every export of every entry. */
export const publicApi = (): Exported[] =>
  Object.entries(ENTRIES).flatMap(([entry, path]) =>
    passedOn(path).map(one => ({ name: one.name, entry, declarations: declarationsOf(one) })),
  )

/** The text of a doc comment without its tags, on one line. Empty without a comment. */
export function summaryOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1)
  return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').trim()
}

/** The texts of the tags of this name. */
export const tagsOf = (node: ts.Node, name: string): string[] =>
  ts
    .getJSDocTags(node)
    .filter(({ tagName }) => tagName.text === name)
    .map(({ comment }) => (ts.getTextOfJSDocComment(comment) ?? '').trim())

export const isInternal = (node: ts.Node): boolean =>
  ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal')

/** A part of an export that has a doc comment of its own. */
export interface Member {
  readonly name: string
  readonly node: ts.ClassElement | ts.TypeElement
  readonly isMethod: boolean
}

/** The members of a class or of an interface that callers see. */
export function membersOf(statement: ts.Statement): Member[] {
  if (!ts.isClassDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) return []
  return [...statement.members, ...inherited(statement)]
    .filter(
      member =>
        member.name !== undefined &&
        (ts.isIdentifier(member.name) || ts.isStringLiteral(member.name)) &&
        !isInternal(member) &&
        !(ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Override | ts.ModifierFlags.Private)),
    )
    .map(node => ({ name: (node.name as ts.Identifier).text, node, isMethod: isMethod(node) }))
}

/** The members of the interfaces of the same file that this one extends. They may not be exported themselves. */
function inherited(statement: ts.Statement): ts.TypeElement[] {
  if (!ts.isInterfaceDeclaration(statement)) return []
  const bases = statement.heritageClauses?.flatMap(({ types }) => types.map(({ expression }) => expression.getText()))
  return statement
    .getSourceFile()
    .statements.filter(ts.isInterfaceDeclaration)
    .filter(({ name }) => bases?.includes(name.text))
    .flatMap(base => [...base.members, ...inherited(base)])
}

/** A method, or a field of a class that holds a function. */
const isMethod = (node: ts.ClassElement | ts.TypeElement): boolean =>
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  (ts.isPropertyDeclaration(node) && /Call(?:<.*>)?$/.test(node.type?.getText() ?? ''))

/** Whether the type guard `value is T` is what a function is for. */
export const isGuard = (statement: ts.Statement): boolean =>
  ts.isFunctionDeclaration(statement) && statement.type !== undefined && ts.isTypePredicateNode(statement.type)

/** Functions, and constants that hold one. */
export const isFunction = (statement: ts.Statement): boolean =>
  ts.isFunctionDeclaration(statement) ||
  (ts.isVariableStatement(statement) &&
    statement.declarationList.declarations.some(({ initializer }) => /=>/.test(initializer?.getText() ?? '')))

/** Types that stand for a number, or for a text that is read as one. */
const QUANTITIES: ReadonlySet<string> = new Set(['Duration', 'Size', 'RateInput', 'CostInput'])

/** Whether a value of the type is a number with a unit. Arguments of functions and entries of lists do not count. */
export function isQuantity(type: ts.TypeNode | undefined): boolean {
  if (type === undefined || ts.isFunctionTypeNode(type) || ts.isArrayTypeNode(type)) return false
  if (type.kind === ts.SyntaxKind.NumberKeyword) return true
  if (ts.isTypeReferenceNode(type)) return QUANTITIES.has(type.typeName.getText())
  if (ts.isUnionTypeNode(type)) return type.types.some(isQuantity)
  if (ts.isParenthesizedTypeNode(type)) return isQuantity(type.type)
  if (!ts.isTypeLiteralNode(type)) return false
  return type.members.some(member => ts.isPropertySignature(member) && isQuantity(member.type))
}
