import { readFileSync } from 'node:fs'
import ts from 'typescript-5.9'
import { expect, it } from 'vitest'

/** The files that declare the options and specs that callers write. */
const FILES = [
  'src/client/infer-pages.ts',
  'src/client/infer.ts',
  'src/core/connection-options.ts',
  'src/core/follow.ts',
  'src/core/options.ts',
  'src/core/proxy-options.ts',
  'src/core/resume-options.ts',
  'src/core/spec.ts',
  'src/report/har.ts',
  'src/report/report.ts',
  'src/sinks/csv.ts',
  'src/sinks/file-output.ts',
  'src/sinks/folder.ts',
  'src/sinks/json-lines.ts',
  'src/sinks/sqlite.ts',
  'src/testing/mock-transport.ts',
]

const OPEN = new Set([ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword, ts.SyntaxKind.AnyKeyword])

function closedFields(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const closed: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && node.questionToken !== undefined && node.type !== undefined) {
      const parts = ts.isUnionTypeNode(node.type) ? node.type.types : [node.type]
      if (!parts.some(({ kind }) => OPEN.has(kind))) closed.push(`${path}: ${node.name.getText(file)}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return closed
}

it('every optional field that callers write accepts undefined, for exactOptionalPropertyTypes', () => {
  expect(FILES.flatMap(closedFields)).toEqual([])
})
