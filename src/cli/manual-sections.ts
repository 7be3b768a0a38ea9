/** The written sections of the manual page: formats, templates, ranges and selected parts. */
export interface ManualSection {
  readonly title: string
  readonly paragraphs: readonly string[]
}

export const SECTIONS: readonly ManualSection[] = [
  {
    title: 'FORMATS',
    paragraphs: [
      'An input is a list (.txt, or no extension), CSV or TSV with a header (.csv, .tsv), JSON lines (.jsonl, .ndjson), or a JSON array (.json). Each may be compressed (.gz). --format gives the format if the extension does not, for example for standard input.',
      'A line of JSON is a URL, a request ({"url": …, "method": …, "headers": …, "json": …, "key": …}), or a row for a template. Without a template, the column url of CSV gives the URL.',
      'Text is UTF-8, or UTF-16 with a byte-order mark; --encoding names another. In CSV, a quote inside a cell that does not begin with one is an ordinary character, and a row with inconsistent quotes fails alone. TSV has no quotes: a cell is the text between two tabs, and a tab or line end in a value is written as \\t, \\n or \\r. --format csv --delimiter tab reads tabs and quotes.',
      'Outputs are JSON lines (.jsonl), CSV, TSV, or the table results of SQLite (.sqlite), by their extension or --output-format. With --resume, the first .jsonl is the run file: requests that it has are not sent again.',
    ],
  },
  {
    title: 'TEMPLATES',
    paragraphs: [
      'With -i, a URL is a template of RFC 6570: {name} is the cell of that column, percent-encoded, {+path} keeps slashes, {?q,page} makes a query. The column of a list is {line}.',
      'Headers, --param, --form, --multipart, --body, --json, --key, --name, --checksum, --cost and --limit-key may have {columns} as well. A name that is not a column is refused; {{name}} is the text {name}. In --json, a column is escaped as text inside quotes, and is a JSON value elsewhere.',
    ],
  },
  {
    title: 'RANGES',
    paragraphs: [
      '{1..500} in a URL is a range, {001..100} pads with zeros, {0..100..10} counts in steps. Several ranges, and a range with columns, give every combination. --limit N sends only the first N requests.',
    ],
  },
  {
    title: 'PAGES, ITEMS AND CHAINS',
    paragraphs: [
      '--paginate requests the further pages of each request, and --items makes a row of each item. The id of a page is that of its request with a number (#0/1), and the id of an item that of its page with its position (#0/1[3]): request_id, parent_id and item_number of --columns and --write-out; id, parent and item in JSON lines.',
      '--then makes requests from the values of the responses before it; --each says where these are. --each, --then-method, --then-header, --then-json and --then-items belong to the --then before them. {value.id} is a part of the value, {1.value.id} a part of the value of the first stage, {row.NAME} a column of the input. Outputs have the rows of the last stage, and the failures of all stages.',
      'A run file (-o FILE.jsonl --resume) holds whole responses of all pages and stages, so with --items or --then, add another output for the rows.',
    ],
  },
  {
    title: 'SELECTED PARTS',
    paragraphs: [
      "--select takes JMESPath, with commas between the parts and a name before a colon: --select 'stars, owner: owner.login, first: tags[0]'. Each part is a column of CSV and SQLite; in JSON lines, and as {value} of --write-out, the value is replaced by an object of the parts, or by the part itself if there is only one and it has no name.",
    ],
  },
]
