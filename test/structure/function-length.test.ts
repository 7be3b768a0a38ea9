import ts from 'typescript-5.9'
import { expect, it } from 'vitest'
import { sources } from '../support/sources.ts'

const MOST_LINES = 60
/** Longer functions, each with its reason. */
const CLOSURE = 'functions over shared state, each of them short'
const STEPS = 'one list of steps or cases, read from top to bottom'
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'src/cli/commands/run.ts sendBy': STEPS,
  'src/cli/demo/server.ts startApi': CLOSURE,
  'src/cli/input/record-reader.ts read': STEPS,
  'src/cli/output/output.ts openOutput': CLOSURE,
  'src/client/run/drain.ts drain': CLOSURE,
  'src/client/opinions.ts opinionsOf': CLOSURE,
  'src/config/prepare.ts prepareSpec': STEPS,
  'src/layer/redirect.ts nextCall': STEPS,
  'src/policy/adaptive.ts adaptive': CLOSURE,
  'src/policy/quota.ts quota': CLOSURE,
  'src/transport/transport.ts ownTransport': CLOSURE,
}

/**
 * Whether a statement of the file has more lines than a function may have. It begins and ends without indentation, so a
 * file whose other lines are in shorter blocks need not be parsed, which takes most of the time.
 */
function hasLongBlock(text: string): boolean {
  let block = 0
  return text.split('\n').some(line => {
    block = /^(?:\s|$)/.test(line) ? block + 1 : 0
    return block > MOST_LINES - 2
  })
}

/** The functions of a file with their names and lengths. A nested function also counts by itself. */
function functionsOf(path: string, text: string): { name: string; lines: number }[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const found: { name: string; lines: number }[] = []
  const lineAt = (position: number): number => file.getLineAndCharacterOfPosition(position).line
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const { name, parent } = node
      const called = name ?? (ts.isVariableDeclaration(parent) ? parent.name : undefined)
      const lines = lineAt(node.end) - lineAt(node.getStart(file)) + 1
      found.push({ name: `${path} ${called?.getText(file) ?? 'constructor or arrow'}`, lines })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

it(`every function under src has at most ${MOST_LINES} lines`, () => {
  const long = sources
    .filter(({ text }) => hasLongBlock(text))
    .flatMap(({ path, text }) => functionsOf(path, text))
    .filter(({ name, lines }) => lines > MOST_LINES && EXCEPTIONS[name] === undefined)
    .map(({ name, lines }) => `${name}: ${lines}`)
  expect(long).toEqual([])
})

it('every file under src starts with a comment that says what it is for', () => {
  const bare = sources.filter(({ text }) => !/^(?:#!.*\n|\/\/\/.*\n)*\/\*\*/.test(text)).map(({ path }) => path)
  expect(bare).toEqual([])
})
