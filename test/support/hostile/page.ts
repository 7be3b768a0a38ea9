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

/** A row that no run here can play. */
export interface Absence {
  readonly row: number
  readonly name: string
  readonly why: string
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
]

const INTRO = `# Hostile servers

What this library does when a server, a proxy, an input or the machine misbehaves. A test run has written each line; the last
column names the test. \`npm run docs:hostile\` writes the page again, and a test fails if a run has another result.

- **Outcome**: \`ok\`, or the \`code\` of the error. If a POST ends differently, its code follows.
- **Retry**: A = retried for any method, I = retried for idempotent methods only (or with an idempotency key), N = not
  retried, – = nothing to retry. Counted at the server, with one retry allowed.
- **Socket**: K = the connection is kept for the next request, X = it is closed, – = there is none, or it does not
  matter.

Every row also checks that

- exactly one outcome comes out;
- twenty requests to the same origin and twenty to another are all answered with their own bodies, none more than 250 ms
  later than without the misbehaving server;
- no turn of the event loop computes for longer than 150 ms;
- the next request to that origin is answered;
- nothing is left open a second after \`close()\`;
- no error goes uncaught;
- the secrets in the request's URL, headers and cookies are printed nowhere and reach no other origin.

\`npm run nightly:hostile\` plays the rows over plain connections, in slices of 7 bytes, over TLS and through a proxy that
accepts CONNECT. It plays the rows about bodies also into files, where a failure leaves nothing, and to a consumer that takes
20 ms for each piece, which never gets the beginning of a cut body twice. Of 2,000,000 requests to a server that gives the
answers of other requests (\`npm run nightly:misdelivery 2000000\`), 1,988,860 got their own answer, 11,140 an error, and none
the answer of another request.
`

const HEAD = '| # | behaviour | outcome | retry | socket | seen by |\n|---|---|---|---|---|---|'

/** One line of the table. */
export function lineOf({ row, name, outcome, retry, socket, where }: Line): string {
  // Not a link: the page is part of the package, and the tests are not.
  return `| ${row} | ${escape(name)} | ${outcome} | ${retry} | ${socket} | \`${where}\` |`
}

export const absenceOf = ({ row, name, why }: Absence): string => `| ${row} | ${escape(name)} | ${why} | | | – |`

/** The whole page. */
export function pageOf(lines: readonly Line[], absences: readonly Absence[]): string {
  const all = [
    ...lines.map(line => ({ ...line, text: lineOf(line) })),
    ...absences.map(absence => ({ ...absence, text: absenceOf(absence) })),
  ]
  const sections = SECTIONS.map(([first, title], index) => {
    const end = SECTIONS[index + 1]?.[0] ?? LAST_ROW + 1
    const own = all.filter(({ row }) => row >= first && row < end)
    own.sort((a, b) => a.row - b.row || (a.name < b.name ? -1 : 1))
    return `## ${title}\n\n${[HEAD, ...own.map(({ text }) => text)].join('\n')}\n`
  })
  return [INTRO, ...sections].join('\n')
}

/** The row number of every line of the page. */
export function rowsOf(page: string): number[] {
  return [...page.matchAll(/^\| (\d+) \|/gm)].map(([, row]) => Number(row))
}

const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
