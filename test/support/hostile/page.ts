/** Writes docs/hostile-servers.md from what a run observed. */

export interface Line {
  readonly row: number
  readonly name: string
  readonly outcome: string
  readonly retry: string
  readonly socket: string
  /** The test file that observed it, from the root. */
  readonly where: string
}

export const LAST_ROW = 122

const SECTIONS: readonly (readonly [first: number, title: string])[] = [
  [1, 'Connecting'],
  [14, 'The head of a response'],
  [33, 'Framing and body'],
  [50, 'Codings and parsing'],
  [63, 'Redirects'],
  [74, 'Statuses and pacing'],
  [83, 'HTTP/2'],
  [93, 'Proxies'],
  [99, 'Cookies'],
  [104, 'Inputs'],
  [112, 'Faults on this side'],
  [122, 'Many machines'],
]

const INTRO = `# Hostile servers

What this library does when a server, a proxy, an input or the machine misbehaves. Each row is the result of a test, which the
last column names. \`npm run docs:hostile\` runs these tests and writes the page. A test fails if its result differs from the page.

- **Outcome**: \`ok\`, or the \`code\` of the error. If a POST ends differently, its code follows.
- **Retry**: A = retried for any method, I = retried only for idempotent methods (or with an idempotency key), N = not
  retried, – = nothing to retry. The server counts the attempts; one retry is allowed.
- **Socket**: K = the connection is kept for the next request, X = it is closed, – = there is no connection, or it does not
  matter.

The tests in \`test/hostile\` also check for every row that

- the request has exactly one outcome;
- twenty other requests to the same origin and twenty to another one get their own responses, at most 250 ms later than
  without the misbehaving server;
- no turn of the event loop takes longer than 150 ms;
- the next request to the origin gets its response;
- nothing stays open for longer than a second after \`close()\`;
- there is no uncaught error;
- the secrets in the URL, headers and cookies of the request are never printed, and reach no other origin.

\`npm run nightly:hostile\` runs the rows again in four ways: over plain connections, in slices of 7 bytes, over TLS and through
a proxy that accepts CONNECT. It also runs the rows about bodies with two other consumers. One writes to a file, which must not
exist after a failure. The other takes 20 ms for each piece, and must not get the beginning of a body twice.

\`npm run nightly:misdelivery 2000000\` sends 2,000,000 requests to a server that mixes up its responses: 1,988,860 requests got
their own response, 11,140 got an error, and none got the response of another request.
`

const HEAD = '| # | behaviour | outcome | retry | socket | seen by |\n|---|---|---|---|---|---|'

/** One line of the table. */
export function lineOf({ row, name, outcome, retry, socket, where }: Line): string {
  // Not a link: the page is part of the package, and the tests are not.
  return `| ${row} | ${escape(name)} | ${outcome} | ${retry} | ${socket} | \`${where}\` |`
}

/** The whole page. */
export function pageOf(lines: readonly Line[]): string {
  const sections = SECTIONS.map(([first, title], index) => {
    const end = SECTIONS[index + 1]?.[0] ?? LAST_ROW + 1
    const own = lines.filter(({ row }) => row >= first && row < end)
    own.sort((a, b) => a.row - b.row || (a.name < b.name ? -1 : 1))
    return `## ${title}\n\n${[HEAD, ...own.map(lineOf)].join('\n')}\n`
  })
  return [INTRO, ...sections].join('\n')
}

/** The row number of every line of the page. */
export function rowsOf(page: string): number[] {
  return [...page.matchAll(/^\| (\d+) \|/gm)].map(([, row]) => Number(row))
}

const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
