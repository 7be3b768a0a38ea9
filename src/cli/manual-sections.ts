/** The written sections of the manual page: formats, templates, ranges and selected parts. */
export interface Section {
  readonly title: string
  readonly paragraphs: readonly string[]
}

export const SECTIONS: readonly Section[] = [
  {
    title: 'FORMATS',
    paragraphs: [
      'An input is a list (.txt, or no ending), CSV or TSV with a header (.csv, .tsv), or JSON lines (.jsonl, .ndjson), each also compressed (.gz). --format says it where the name does not, as of standard input.',
      'A line of JSON is a URL, a request ({"url": …, "method": …, "headers": …, "json": …, "key": …}), or a row for a template. Without a template the column url of CSV is the URL.',
      'Text is UTF-8, or UTF-16 with a byte-order mark; --encoding names another. In CSV a quote within a cell that does not begin with one is a character; a row whose quotes do not fit fails by itself. TSV has no quotes: a cell is what stands between two tabs, and a tab or line end in a value is written as \\t, \\n or \\r. --format csv --delimiter tab reads tabs and quotes.',
      'Outputs are JSON lines (.jsonl), CSV, TSV, or the table results of SQLite (.sqlite), by their endings or --output-format. The first .jsonl of --resume is the run file: what it has is not sent again.',
    ],
  },
  {
    title: 'TEMPLATES',
    paragraphs: [
      'A URL beside -i is a template of RFC 6570: {name} is the cell of that column, percent-encoded, {+path} keeps slashes, {?q,page} makes a query. Of a list the column is {line}.',
      'Headers, --param, --form, --multipart, --body, --json, --key, --name, --checksum, --cost and --limit-key may have {columns}, too. A name that is no column is refused; {{name}} is {name} as it stands. In --json a column is escaped as text inside of quotes, and is a JSON value elsewhere.',
    ],
  },
  {
    title: 'RANGES',
    paragraphs: [
      '{1..500} in a URL is a range, {001..100} has zeros, {0..100..10} has steps. Several ranges, and a range beside columns, make every combination. --limit takes the first requests of them.',
    ],
  },
  {
    title: 'SELECTED PARTS',
    paragraphs: [
      "--select takes JMESPath, with commas between the parts and a name before a colon: --select 'stars, owner: owner.login, first: tags[0]'. Each part is a column of CSV and SQLite; in JSON lines, and as {value} of --write-out, the value is replaced by an object of them, or by the one part that has no name.",
    ],
  },
]
