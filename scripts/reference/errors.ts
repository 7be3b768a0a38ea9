/** The page docs/reference/errors.md, made from the list of codes. */
import { CLASSES, CODES } from './error-codes.ts'

const INTRODUCTION = `<!-- Made by \`npm run docs\` of scripts/reference/error-codes.ts: edit it there. -->
# Error codes

Every failure has a \`code\` of two halves, \`class/detail\`. Codes are stable under semantic versioning. \`error.message\` says
what happened in this case; this page says what a code means and what to do.

How to find the failures of a run and to send only the right ones again is in [failures](../failures.md). A failure that
may pass is retried by itself, up to [\`maxRetries\`](options.md#maxretries) times, if a repetition does no harm. Mistakes in
the options have no code: they are a \`ConfigError\`, and nothing is sent.`

/** The whole page. */
export function errorsPage(): string {
  const groups = Object.entries(CLASSES).map(([name, meaning]) => {
    const rows = Object.entries(CODES)
      .filter(([code]) => code.startsWith(`${name}/`))
      .map(([code, { happened, remedy }]) => `| \`${code}\` | ${happened} | ${remedy} |`)
    return [`## ${name}`, '', meaning, '', '| code | what happened | what to do |', '|---|---|---|', ...rows].join('\n')
  })
  return `${[INTRODUCTION, ...groups].join('\n\n')}\n`
}
