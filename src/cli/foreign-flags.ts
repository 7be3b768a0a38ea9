/**
 * Flags of other programs (curl, wget, xargs, GNU parallel, hey, ab, HTTPie) and the flags of preq that do the same. An
 * unknown short flag is only looked up here, because a similar letter says nothing about its meaning.
 */
import { FLAG_NAMES, flagOf } from './flags.ts'
import { nearest } from '../config/names.ts'

const CONCURRENCY = 'Use -c N.'
const BODY = 'Use --json TEXT, --form NAME=VALUE or --body TEXT; @FILE reads a file.'
const FOLLOWS = 'Leave it out: redirects are followed, unless --no-follow is given.'
const PARALLEL = 'Leave it out: requests run in parallel. -c N says how many.'

const ADVICE: Readonly<Record<string, string>> = {
  '--retry': 'Use --retries N.',
  '--tries': 'Use --retries N.',
  '--retry-delay': 'Use --backoff TIME.',
  '--retry-max-time': 'Use --total-timeout TIME.',
  '--max-time': "Use --timeout TIME, as '10s'.",
  '-m': "Use --timeout TIME, as '10s'.",
  '--jobs': CONCURRENCY,
  '-j': CONCURRENCY,
  '-P': CONCURRENCY,
  '--max-procs': CONCURRENCY,
  '--parallel-max': CONCURRENCY,
  '--parallelism': CONCURRENCY,
  '--concurrent': CONCURRENCY,
  '--threads': CONCURRENCY,
  '--connections': CONCURRENCY,
  '--parallel': PARALLEL,
  '-Z': PARALLEL,
  '--data': BODY,
  '--data-ascii': BODY,
  '--data-binary': BODY,
  '--data-raw': BODY,
  '--post-data': BODY,
  '--post-file': 'Use --body @FILE.',
  '--upload-file': 'Use -X PUT --body @FILE.',
  '-T': 'Use -X PUT --body @FILE.',
  '--data-urlencode': 'Use --form NAME=VALUE, or --param NAME=VALUE for the query.',
  '--form-string': 'Use --multipart NAME=VALUE.',
  '--get': 'Use --param NAME=VALUE.',
  '-G': 'Use --param NAME=VALUE.',
  '--head': 'Use -X HEAD.',
  '-I': 'Use -X HEAD.',
  '--request': 'Use --method METHOD.',
  '--headers': "Use --header 'NAME: VALUE'.",
  '--referer': "Use -H 'referer: …'.",
  '-e': "Use -H 'referer: …'.",
  '--range': "Use -H 'range: bytes=0-99'.",
  '--user': 'Use --auth USER:PASSWORD.',
  '-u': 'Use --auth USER:PASSWORD.',
  '--username': 'Use --auth USER:PASSWORD.',
  '--password': 'Use --auth USER:PASSWORD.',
  '--credentials': 'Use --auth USER:PASSWORD, --bearer TOKEN or --cookie NAME=VALUE.',
  '--oauth2-bearer': 'Use --bearer TOKEN.',
  '--token': 'Use --bearer TOKEN.',
  '-b': 'Use --cookie NAME=VALUE, or --cookie-file FILE.',
  '--cookie-jar': 'Use --cookie-file FILE.',
  '--location': FOLLOWS,
  '-L': FOLLOWS,
  '--follow': FOLLOWS,
  '--redirect': FOLLOWS,
  '--max-redirs': 'Use --max-redirects N.',
  '--silent': 'Use --quiet.',
  '-s': 'Use --quiet.',
  '--show-error': 'Leave it out: failures are shown.',
  '-S': 'Leave it out: failures are shown.',
  '--fail': 'Leave it out: a status that --accept does not name is a failure.',
  '-f': 'Leave it out: a status that --accept does not name is a failure.',
  '--compressed': 'Leave it out: compressed bodies are requested and decoded.',
  '--http1.1': 'Leave it out: HTTP/1.1 is used unless --http2 is given.',
  '--globoff': 'Leave it out.',
  '-g': 'Leave it out.',
  '--url': 'Give the URL by itself.',
  '--next': 'Put the requests into a file of JSON lines, and give it with -i FILE.jsonl.',
  '--input-file': 'Use -i FILE.',
  '--remote-name': 'Use --save FOLDER.',
  '-O': 'Use --save FOLDER, or -o FILE for the results.',
  '--output-dir': 'Use --save FOLDER.',
  '--download': 'Use --save FOLDER.',
  '--continue': 'Use -o FILE.jsonl --resume.',
  '--force': 'Use --overwrite.',
  '--max-filesize': 'Use --max-bytes SIZE.',
  '--cacert': 'Use --tls-ca FILE.',
  '--cert': 'Use --tls-cert FILE.',
  '-E': 'Use --tls-cert FILE.',
  '--no-check-certificate': 'Use --insecure.',
  '--verify': 'Use --insecure for no verification.',
  '--proxy-user': 'Write them into the URL of --proxy: http://user:password@host:port.',
  '-U': 'Write them into the URL of --proxy: http://user:password@host:port.',
  '--qps': 'Use --rate N/s.',
  '--rps': 'Use --rate N/s.',
  '--rate-limit': 'Use --rate N/s.',
  '--limit-rate': 'Use --rate N/s for requests per second. Bytes per second cannot be limited.',
  '--wait': 'Use --rate 1/s.',
  '--delay': 'Use --rate 1/s.',
  '--requests': 'Use a range in the URL, as {1..100}, or --limit N.',
  '-n': 'Use a range in the URL, as {1..100}, or --limit N.',
  '--schema': 'Schemas are an option of the library; --select PATH warns if no value has that part.',
  '--jsonl': 'Use -o FILE.jsonl; JSON lines are also what standard output gets.',
  '--json-lines': 'Use -o FILE.jsonl; JSON lines are also what standard output gets.',
  '--dry-run': "Use 'preq plan' in place of 'preq'.",
}

/** The advice for an unknown flag, or undefined. @param undo the `--no-…` flags */
export function flagAdvice(name: string, undo: readonly string[]): string | undefined {
  if (Object.hasOwn(ADVICE, name)) return ADVICE[name]
  const near = name.startsWith('--') ? nearest(name, [...longFlags(), ...undo]) : otherCase(name)
  return near === undefined ? undefined : `Did you mean '${near}'?`
}

const longFlags = (): string[] => [...FLAG_NAMES.map(name => `--${name}`), '--help', '--help-all', '--version']

/** `-R` for `-r` */
function otherCase(name: string): string | undefined {
  const letter = name.slice(1, 2)
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
  const known = [...FLAG_NAMES.map(flag => flagOf(flag).short), 'h', 'V']
  return known.includes(other) ? `-${other}` : undefined
}
