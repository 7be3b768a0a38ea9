/** The text of `preq COMMAND --help`: arguments, effect and exit codes. Each text fits a screen of 24 × 80. */
import type { COMMANDS } from './commands.ts'

export type CommandName = keyof typeof COMMANDS

const PLAN = `Usage: preq plan [flags] URL…
       preq plan [flags] -i FILE [TEMPLATE]

Shows what a run with the same arguments would send, and sends nothing: the
number of requests by method and host, duplicates, invalid rows with lines, the
minimum duration under the limits, and the first requests as curl commands.
Reads the whole input and writes no files.

Flags: all flags of a run. The most useful ones here:
  -i, --input FILE     rows or URLs; without it, standard input if it is a pipe
      --limit N        the first N requests only
  -r, --rate N/UNIT    and the other limits: how long the run takes
      --resume         with -o FILE.jsonl: how many requests are already done
      --json TEXT      and the other parts of a request, shown as curl commands

Exit code: 1 if a row is invalid, 2 if a run would be refused, 0 otherwise.

Example: preq plan 'https://api.example.com/{id}' -i ids.csv --rate 5/s
All flags: preq --help-all
`

const REPORT = `Usage: preq report [flags] RUN.jsonl
       preq report [flags] BEFORE.jsonl AFTER.jsonl    to compare two runs

Shows the results of a run: how many requests succeeded, how long they took,
what limited the run, and which requests failed and why. Reads a run file
(-o FILE.jsonl), during the run or later. Prints text, or writes a file.

  -o, --output FILE    report.html: one page that needs no network;
                       .md, .csv, .json and .txt as well
      --format NAME    html, text, json, csv or markdown, for any FILE
      --har FILE       write the requests as HAR 1.2, which browsers import
      --bodies         with --har: include the bodies of responses
      --overwrite      replace FILE if it exists

Exit code: 0, also if requests failed; 2 if RUN.jsonl is not a run file; 74 if
FILE could not be written.

Examples: preq report run.jsonl
          preq report run.jsonl -o report.html
`

const DOCTOR = `Usage: preq doctor
       preq doctor --broker URL

Checks this machine for problems: the Node version, the limit of open files (and
thus of connections), proxies and settings in the environment, preq.json in this
folder, the clock, and the cores. Sends nothing.

With --broker (and --broker-ca, --broker-cert, --broker-key), checks a Redis
server for batches instead: version, eviction, persistence, permissions, clock.

Exit code: 1 if something will cause problems, 0 otherwise.
`

const COMPLETION = `Usage: preq completion SHELL

Prints the completions for a shell: bash, zsh or fish. Takes no flags.

  bash    eval "$(preq completion bash)"        into ~/.bashrc
  zsh     preq completion zsh > "\${fpath[1]}/_preq"
  fish    preq completion fish > ~/.config/fish/completions/preq.fish
`

const DEMO = `Usage: preq demo
       preq demo --serve [--port N]

Starts a small API on this machine that sometimes fails, throttles or stalls,
fetches 300 records from it, and shows the progress. Sends nothing to other
machines. Writes results.jsonl in this folder, and replaces the file of an
earlier demo.

  --serve       only start the API, print its URL, and serve until Ctrl-C
  --port N      with --serve: the port (default: 7300); 0 picks a free port
`

const HELPS: Readonly<Record<CommandName, string>> = {
  plan: PLAN,
  report: REPORT,
  doctor: DOCTOR,
  completion: COMPLETION,
  demo: DEMO,
}

export const commandHelp = (name: CommandName): string => HELPS[name]
