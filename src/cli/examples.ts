/** Examples of the help. A test parses every line as a command line. */
export interface Example {
  readonly what: string
  readonly line: string
}

export const EXAMPLES: readonly Example[] = [
  { what: 'JSON lines of two URLs', line: 'preq https://api.example.com/a https://api.example.com/b' },
  { what: 'a list, ten requests a second', line: 'preq -i urls.txt --rate 10/s -o results.jsonl' },
  {
    what: 'a column of CSV from each response',
    line: "preq 'https://api.example.com/users/{id}' -i users.csv --select name -o names.csv",
  },
  {
    what: 'a POST per row, resumed after a crash',
    line: `preq https://api.example.com/users -i users.csv --json '{"name": "{name}"}' -o run.jsonl --resume`,
  },
  {
    what: 'a row per item of all pages',
    line: "preq 'https://api.github.com/repos/nodejs/node/issues' --paginate link --items '@' --select 'number, title' -o issues.csv",
  },
  {
    what: 'a request for each id of a list',
    line: "preq https://api.example.com/teams --items data --then 'https://api.example.com/users/{value.lead}' -o leads.csv",
  },
  {
    what: 'a job per row, polled until it is done',
    line: `preq https://api.example.com/jobs -i jobs.csv --json '{"n": {n}}' --poll -o run.jsonl --resume`,
  },
  { what: 'what a run with a range would send', line: "preq plan 'https://api.example.com/{1..500}' --per-host 4" },
  { what: 'statuses of URLs from a pipe', line: "sort -u urls.txt | preq -w '{status} {url}\\n'" },
]
