/**
 * The fenced code of a Markdown text, as programs.
 *
 * A fence opens with three backticks and a language, which words may follow:
 *
 * - `no-run`: compiled (if it is TypeScript) and not run.
 * - `continues`: continues the previous program of the same language, and runs together with it.
 * - `file=NAME`: not a program, but a file that the programs of the page find in their folder.
 * - `needs=A,B`: skipped where one of these commands is missing.
 * - `exit=N`: ends with this exit code instead of 0.
 * - `prints`, of a fence after a program: what the program prints. `…` stands for any text.
 */
export interface Fence {
  /** The line of the fence, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  readonly runs: boolean
  readonly continues: boolean
  readonly file: string | undefined
  readonly needs: readonly string[]
  readonly exit: number
  readonly prints: boolean
}

export interface Snippet {
  /** The line of the fence, from 1. */
  readonly line: number
  readonly language: string
  readonly code: string
  readonly runs: boolean
  readonly needs: readonly string[]
  readonly exit: number
  /** What it must print. Absent if the page does not show it. */
  readonly prints?: string
}

const FENCE = /^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm

export function fencesOf(markdown: string): Fence[] {
  return [...markdown.matchAll(FENCE)].map(({ 1: language = '', 2: info = '', 3: code = '', index }) => {
    const words = info.trim().split(/\s+/)
    const valueOf = (name: string): string | undefined =>
      words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1)
    return {
      line: markdown.slice(0, index).split('\n').length,
      language,
      code,
      runs: !words.includes('no-run'),
      continues: words.includes('continues'),
      file: valueOf('file'),
      needs: valueOf('needs')?.split(',') ?? [],
      exit: Number(valueOf('exit') ?? 0),
      prints: words.includes('prints'),
    }
  })
}

/** The programs in these languages, in the order of the page. */
export function snippetsOf(markdown: string, languages: readonly string[]): Snippet[] {
  const snippets: Snippet[] = []
  let isOutput = false
  for (const fence of fencesOf(markdown)) {
    if (fence.prints && isOutput) addOutput(snippets, fence.code)
    isOutput = languages.includes(fence.language) && fence.file === undefined
    if (isOutput) addProgram(snippets, fence)
  }
  return snippets
}

function addProgram(snippets: Snippet[], { line, language, code, runs, continues, needs, exit }: Fence): void {
  const before = snippets.at(-1)
  if (!continues || before === undefined) return void snippets.push({ line, language, code, runs, needs, exit })
  // The longer program contains the shorter one, which is dropped.
  snippets[snippets.length - 1] = { ...before, code: `${before.code}\n${code}`, runs: before.runs && runs }
}

function addOutput(snippets: Snippet[], text: string): void {
  const program = snippets.at(-1)
  if (program !== undefined) snippets[snippets.length - 1] = { ...program, prints: (program.prints ?? '') + text }
}

/** The commands of `preq` in a shell block, with what they set in the environment. One may have several lines. */
export const commandsOf = (code: string): string[] =>
  code.split(/(?<!\\)\n/).filter(command => /^(?:[A-Z_]+=\S* )*preq /.test(command))

/** Matches what a page says that a program prints. */
export function printed(text: string): RegExp {
  const parts = text.trim().split('…')
  return new RegExp(`^${parts.map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('[^]*?')}$`)
}
