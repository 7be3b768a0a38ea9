/** What editors and the API reference show: everything that the package exports has a doc comment. */
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import ts from 'typescript-5.9'
import { expect, test } from 'vitest'
import { ENTRIES } from '../../scripts/site/api.ts'

const parsed = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)

interface Exported {
  readonly name: string
  /** The module that it comes from. */
  readonly path: string
}

/** What a module passes on from others. */
function passedOn(path: string): Exported[] {
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
function declarationsOf({ name, path }: Exported): ts.Statement[] {
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

const isDocumented = (node: ts.Node): boolean =>
  ts.getJSDocCommentsAndTags(node).some(doc => ts.isJSDoc(doc) && doc.comment !== undefined)

/** The methods, getters and fields of a class that callers see. */
function membersOf(statement: ts.Statement): ts.ClassElement[] {
  if (!ts.isClassDeclaration(statement)) return []
  return statement.members.filter(
    member =>
      member.name !== undefined &&
      ts.isIdentifier(member.name) &&
      !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal') &&
      !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Override),
  )
}

test.each(Object.entries(ENTRIES))(
  'everything that %s exports has a doc comment, and so do the members of its classes',
  (_name, entry) => {
    const exported = passedOn(entry)
    expect(exported.length).toBeGreaterThan(0)
    const bare = exported.flatMap(one => {
      const found = declarationsOf(one)
      if (!found.some(isDocumented)) return [one.name]
      return found
        .flatMap(membersOf)
        .filter(member => !isDocumented(member))
        .map(member => `${one.name}.${member.name?.getText()}`)
    })
    expect(bare).toEqual([])
  },
)
