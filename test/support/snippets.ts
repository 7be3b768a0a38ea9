/**
 * The fenced TypeScript of a Markdown text, as programs.
 *
 * A fence opens with ` ```ts `, which may be followed by `no-run` (compiled only) and `continues` (continues the
 * previous block, and is compiled and run together with it).
 */
export interface Snippet {
  /** The line of the fence, from 1. */
  readonly line: number
  readonly code: string
  readonly runs: boolean
}

const FENCE = /^```ts\b([^\n]*)\n([\s\S]*?)^```$/gm

export function snippetsOf(markdown: string): Snippet[] {
  const snippets: Snippet[] = []
  for (const { 1: info = '', 2: code = '', index } of markdown.matchAll(FENCE)) {
    const words = info.trim().split(/\s+/)
    const line = markdown.slice(0, index).split('\n').length
    const runs = !words.includes('no-run')
    const before = snippets.at(-1)
    if (!words.includes('continues') || before === undefined) snippets.push({ line, code, runs })
    // The longer program contains the shorter one, which is dropped.
    else snippets.push({ ...(snippets.pop() as Snippet), code: `${before.code}\n${code}`, runs: before.runs && runs })
  }
  return snippets
}
