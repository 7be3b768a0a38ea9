/** The commands for batches over many machines, and their help texts. Each text fits a screen of 24 × 80. */
export const BATCH_COMMANDS = {
  submit: 'put a batch into a queue, for workers on any number of machines',
  worker: 'take chunks of batches from the queue and send their requests',
  status: 'show the progress of a batch',
  collect: 'write the results of a batch to one file, in the order of its input',
  pause: 'stop sending the requests of a batch, until it is resumed',
  resume: 'continue a batch that was paused or cancelled',
  cancel: 'end a batch; its results stay',
  limits: 'show the rates of a batch, or change them while it runs',
  retry: 'send failed requests of a batch again',
  dead: 'list requests that crash their worker, and chunks that could not be run',
  reconcile: 'put chunks that Redis has lost into the queue again',
  delete: 'delete a batch that no worker is working on',
  batches: 'list the batches and how far each of them is',
  workers: 'list the workers and what they are doing',
} as const

export type BatchCommand = keyof typeof BATCH_COMMANDS

export const isBatchCommand = (name: string | undefined): name is BatchCommand =>
  name !== undefined && Object.hasOwn(BATCH_COMMANDS, name)

const BROKER = `      --broker URL      redis://user:password@host:6379, rediss://…, or env:NAME
      --broker-ca FILE  for rediss://; also --broker-cert and --broker-key
`

const SUBMIT = `Usage: preq submit --broker URL --batch NAME --results FOLDER [flags] -i FILE
       preq submit --broker URL --batch NAME --results FOLDER [flags] URL…

Puts the requests of a run into a queue, in chunks, for preq worker on any
number of machines. The input, the templates and the flags are those of a run.
If submit was killed, run the same command again to continue it.

${BROKER}      --batch NAME      a name of your choice
      --results FOLDER  folder for the results, shared by all machines
      --chunk N         requests per chunk (default: 1000 to 4000)
      --sign env:KEY    sign the chunks; workers with --sign run only these
      --inline          put the rows into Redis, for workers without the file
      --share-name NAME share the rates with batches and runs of the same name

Workers read a list, or JSON lines without a template, from the file itself, so
it must have the same path on all machines. Pass secrets as env:NAME (--bearer
env:TOKEN, -H 'X-Key: env:KEY'): workers read the variable. Rates apply to all
workers together, -c to each worker.

Exit code: 0 if all chunks are in the queue, 2 if the batch was refused.
`

const WORKER = `Usage: preq worker --broker URL [flags]

Takes chunks from the queue and sends their requests, until it is stopped.
On Ctrl-C or SIGTERM, requests in flight finish and the rest is handed back.
After kill -9, other workers take over within half a minute; finished requests
are not sent again.

${BROKER}      --batch NAMES     only these batches, with commas (default: all)
      --results FOLDER  path of the results folder on this machine (one batch)
      --chunks N        open chunks per batch (default: 8)
  -c, --concurrency N   requests in flight in this process, per batch
      --grace TIME      time for requests in flight to finish (default: 20s)
      --local-share     if Redis is lost, send at an equal share for up to 60 s
      --until-empty     exit when all batches are done
      --health :PORT    answer GET /health; HOST:PORT for one interface
      --metrics :PORT   answer GET /metrics, for Prometheus
      --sign env:KEY    run only signed chunks; several keys: env:NEW,env:OLD

Exit code: 0, also after a signal; 1 if chunks could not be run (their files are
missing) or Redis does not respond; 2 if Redis or a batch cannot be used.
`

const COLLECT = `Usage: preq collect NAME --broker URL -o FILE.jsonl
       preq collect --results FOLDER -o FILE.jsonl

Writes the results of a batch to one file, in the order of its input. The file
is a run file, as preq -o FILE.jsonl --resume writes it: preq report takes it.
Without -o, it goes to standard output.

  -o, --output FILE     the file; --overwrite replaces an old one
      --partial         write the results so far if the batch is not done

Exit code: 0 if complete, 1 if --partial left requests out, 2 if it is not
done or a result is damaged.
`

const OF_ONE: Readonly<Partial<Record<BatchCommand, string>>> = {
  status: `Usage: preq status NAME --broker URL [--watch] [--format json]

Shows the progress of a batch. The number of finished chunks is exact. Workers
report the number of requests once a second; requests that were sent again count
twice until the batch is done.

${BROKER}      --watch           repeat once a second until the batch ends; if the output
                        is not a terminal, print a line of JSON each time
      --format json     as JSON

Exit code with --watch: 0 if the batch is done, 1 if it was cancelled or has
chunks that could not be run.
`,
  pause: `Usage: preq pause NAME --broker URL

Workers let requests in flight finish, and send no others until preq resume.

${BROKER}`,
  resume: `Usage: preq resume NAME --broker URL

Continues a batch that was paused or cancelled.

${BROKER}      --sign env:KEY    if the batch is signed
`,
  cancel: `Usage: preq cancel NAME --broker URL

Empties the queue of the batch. Workers abort its requests. Results stay, and
preq resume continues the batch.

${BROKER}`,
  limits: `Usage: preq limits NAME --broker URL [--rate 200/s] [--host-limit HOST=50/s]

Shows the rates of a batch, or changes those that are given. All workers, and
all batches and runs that share the rates, apply a change within a second.

${BROKER}  -r, --rate N/UNIT     all hosts together; --rate-burst N sets the burst
      --per-host-rate N/UNIT
                        each host
      --host-limit HOST=N/UNIT
                        a certain host
      --results FOLDER  the results folder on this machine, which has the rates
      --format json     as JSON
`,
  retry: `Usage: preq retry NAME --broker URL --retry-only CODES

Sends failed requests again: their chunks are put into the queue, so the batch
is not done until workers have finished them. Other results are kept. Chunks
that are not done yet are skipped.

${BROKER}      --retry-only CODES  codes and classes: 5xx,404,timeout,resource/poison
      --retry-failed    all failures
      --unknown-writes resend
                        also send unsafe requests that may have been carried out
      --sign env:KEY    if the batch is signed
      --results FOLDER  needed if Redis has lost the whole batch
`,
  dead: `Usage: preq dead NAME --broker URL [--format json]

Lists requests that failed because they crash their worker (resource/poison),
and chunks that could not be run. To run them again, use preq retry for the
requests and preq reconcile for the chunks.

${BROKER}      --format json     as JSON
      --results FOLDER  needed if Redis has lost the whole batch

Exit code: 0 if there are none, 1 if there are some.
`,
  reconcile: `Usage: preq reconcile NAME --broker URL [--results FOLDER]

Repairs a batch after Redis has lost data: compares the results folder with
Redis and adds each chunk that is neither done nor in the queue.

${BROKER}      --results FOLDER  needed if Redis has lost the whole batch
      --sign env:KEY    if the batch is signed
`,
  delete: `Usage: preq delete NAME --broker URL [--files]

Deletes a batch from Redis. Refused while workers have chunks of it.

${BROKER}      --files           also delete its files in the results folder
`,
  batches: `Usage: preq batches --broker URL [--format json]

Lists the batches: state, finished chunks of all, requests, failed requests of
the finished chunks, and the time since it was submitted. preq status NAME says
more about one of them.

${BROKER}      --format json     as JSON
`,
  workers: `Usage: preq workers --broker URL [--format json]

Lists the workers: host, process, version, open chunks, requests on the wire
and per second, and the time of their last report. A killed worker is listed
for 15 more seconds.

${BROKER}      --format json     as JSON
`,
}

export const batchHelp = (name: BatchCommand): string =>
  ({ ...OF_ONE, submit: SUBMIT, worker: WORKER, collect: COLLECT })[name] ?? ''
