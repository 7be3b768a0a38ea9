/**
 * The flag table: name, value, reader and help text of each flag of `preq`. The parser, the help, the completions, the
 * manual page, the environment variables (`PREQ_RETRIES`) and the configuration file are derived from it. The table
 * contains no logic.
 *
 * The value of a flag that sets an option is read by the reader of the option. On the command line, a unit is required.
 *
 * Its help is the sentence of the option as well. These flags have a text of their own, because they mean something
 * else:
 *
 * - parts of each request (--header, --json, --auth, --cost …): they may have {columns}, @FILE or env:NAME;
 * - a switch that sets one value (--no-follow, --fail-fast, --insecure …): the sentence is about all values;
 * - another notation than in code (--rate, --host-limit, --budget, --accept, --limit-key, --proxy, --as);
 * - flags that do more than the option (--resume takes the output, --save a folder, --cookie-file implies
 *   --share-cookies, --base-url adds a slash, --tls-passphrase reads a file).
 */
import { CLIENT_AUTHS } from '../config/oauth-input.ts'
import { aSwitch, choosing, enabling, setting, taking } from './flag.ts'
import type { Flag } from './flag.ts'
import { FOLLOW_FLAGS } from './follow-flags.ts'
import { INPUT_FLAGS } from './input-flags.ts'
import {
  BODY_TYPES,
  asGiven,
  bodyType,
  commaList,
  checksum,
  cost,
  failureCodes,
  header,
  headerNames,
  hostLimit,
  inBytes,
  inBytesOrNone,
  method,
  methods,
  namedRate,
  number,
  pair,
  perSecond,
  perTime,
  statuses,
  text,
  withUnit,
} from './flag-readers.ts'
import { failTerm } from './fail-on.ts'
import type { Read } from '../config/kinds.ts'

export const OUTPUT_FORMATS = ['jsonl', 'csv', 'tsv', 'sqlite'] as const
const OUTPUT_DELIMITERS = [',', ';', '|', 'tab'] as const

export const FLAGS = {
  ...INPUT_FLAGS,

  method: taking('Request', 'METHOD', method, 'method of every request', {
    option: 'method',
    default: 'GET; POST where there is a body',
    short: 'X',
    common: true,
  }),
  header: taking('Request', 'NAME: VALUE', header, 'a header of every request; @FILE reads one per line', {
    option: 'headers',
    short: 'H',
    repeat: true,
    common: true,
    more: 'Values may have {columns}. Put secrets into a file.',
  }),
  param: taking('Request', 'NAME=VALUE', pair, 'added to the query of every URL; may have {columns}', {
    option: 'params',
    repeat: true,
  }),
  json: taking('Request', 'TEXT', text, 'JSON body; may have {columns}; @FILE reads it from a file', {
    option: 'json',
    common: true,
    more: 'Inside quotes, a column is escaped as text; elsewhere it is a JSON value: {"id": {id}, "name": "{name}"}.',
  }),
  body: taking('Request', 'TEXT', text, 'raw body; may have {columns}; @FILE sends a file', {
    option: 'body',
    short: 'd',
    more: 'With rows, a file of UTF-8 text may have {columns}; any other file is sent unchanged.',
  }),
  form: taking('Request', 'NAME=VALUE', pair, 'a field of a form body; values may have {columns}', {
    option: 'form',
    repeat: true,
  }),
  multipart: taking('Request', 'NAME=VALUE', pair, 'a field of a multipart/form-data body; NAME=@FILE sends a file', {
    option: 'multipart',
    short: 'F',
    repeat: true,
    more: 'Values and paths may have {columns}. A file is read while it is sent.',
  }),
  auth: taking('Request', 'USER:PASSWORD', text, 'Basic authentication; env:NAME or @FILE reads it from there', {
    option: 'auth',
  }),
  bearer: taking('Request', 'TOKEN', text, 'bearer token; env:NAME or @FILE reads it from there', {
    option: 'auth.bearer',
    common: true,
  }),
  'token-command': taking('Request', 'COMMAND', text, 'run COMMAND for a bearer token, and again after a 401', {
    option: 'auth.refresh',
    more: 'The shell runs it before the first request. Its output, without white space around it, is the token. The time limit is 30 s.',
  }),
  'oauth-token-url': taking('Request', 'URL', text, 'get bearer tokens from this OAuth token endpoint', {
    option: 'auth.oauth.tokenUrl',
    more: 'Uses the client credentials grant of RFC 6749, unless --oauth-refresh-token is given. Must be https:, except on a loopback address.',
  }),
  'oauth-client': taking(
    'Request',
    'ID:SECRET',
    text,
    'client id and secret for the token endpoint; env:ID:SECRET, env:NAME or @FILE',
    {
      option: ['auth.oauth.clientId', 'auth.oauth.clientSecret'],
      more: 'env:ID:SECRET reads the two from the variables ID and SECRET; env:NAME and @FILE hold both, with a colon between them.',
    },
  ),
  'oauth-refresh-token': taking('Request', 'TOKEN', text, 'refresh token for the token endpoint; env:NAME or @FILE', {
    option: 'auth.oauth.refreshToken',
    default: 'none, which means client credentials',
    more: 'A public client has no secret: --oauth-client ID. If the endpoint sends a new refresh token, it is used from then on, but not stored.',
  }),
  'oauth-scope': taking('Request', 'SCOPES', text, 'scopes to ask for, separated by spaces', {
    option: 'auth.oauth.scope',
    default: 'chosen by the server',
  }),
  'oauth-client-auth': choosing('Request', 'HOW', CLIENT_AUTHS, 'how ID and SECRET are sent to the token endpoint', {
    option: 'auth.oauth.clientAuth',
    default: 'basic',
    more: 'basic: in the header, percent-encoded as RFC 6749 says. basic_raw: in the header, not encoded. body: as form fields.',
  }),
  cookie: taking(
    'Request',
    'NAME=VALUE',
    pair,
    'a cookie that every request sends, until a redirect leads to another origin',
    {
      option: 'cookies',
      default: 'none',
      repeat: true,
    },
  ),
  'share-cookies': aSwitch(
    'Request',
    'share cookies that servers set: among rows with the same credential, and among rows without one',
    {
      option: 'shareCookies',
    },
  ),
  'cookie-file': setting('Request', 'FILE', 'cookieFile', asGiven, {
    doc: 'read and save the cookies of rows without a credential of their own; implies --share-cookies',
  }),
  'no-cookies': aSwitch('Request', 'neither store nor send cookies', { option: { option: 'cookies', value: false } }),
  'user-agent': taking('Request', 'TEXT', text, undefined, {
    option: 'userAgent',
    default: 'the name and version of parallel-requests',
    short: 'A',
    repeat: true,
  }),
  'idempotency-key': enabling('Request', 'idempotencyKey'),
  'allow-host-header': enabling('Request', 'allowHostHeader'),
  key: taking('Request', 'COLUMN', text, 'key that identifies each request: a column, or a text with {columns}', {
    common: true,
  }),

  ...FOLLOW_FLAGS,

  output: taking('Output', 'FILE', text, 'write to FILE: .jsonl, .csv, .tsv or .sqlite', {
    short: 'o',
    repeat: true,
    common: true,
    more: 'Each output gets all results.',
    default: 'JSON lines on standard output',
  }),
  'output-format': choosing('Output', 'FORMAT', OUTPUT_FORMATS, 'format of the output', {
    default: 'by the extension of the file; else jsonl',
  }),
  'output-delimiter': choosing('Output', 'CHARACTER', OUTPUT_DELIMITERS, 'character between the cells of CSV', {
    default: 'a comma',
    more: 'In many countries, spreadsheets expect a semicolon.',
  }),
  bom: aSwitch('Output', 'begin CSV and TSV with a byte-order mark, by which Excel recognises UTF-8'),
  values: aSwitch('Output', 'write only the values, as JSON lines, without the fields of the request', {
    more: 'Failed requests have no line: the summary counts them, and the exit code is 1.',
  }),
  pretty: aSwitch('Output', 'indent the JSON on standard output, for people'),
  overwrite: aSwitch('Output', 'replace outputs and saved files that exist', { option: 'overwrite' }),
  select: taking('Output', 'PATHS', text, "parts of each value, as JMESPath: 'stars' or 'n: name, stars'", {
    common: true,
    more: 'Each becomes a column of CSV and SQLite. In JSON lines the value is replaced by an object of the parts, or by the part itself if there is only one and it has no name.',
  }),
  save: taking('Output', 'FOLDER', text, 'write each body to a file in FOLDER', {
    option: ['saveTo', { option: 'returnType', value: 'file' }],
    more: 'The name of a file is --name, or else the key, or else the end of the URL; it is never outside FOLDER.',
  }),
  name: taking('Output', 'NAME', text, 'file names of --save: a text with {columns}'),
  checksum: taking(
    'Output',
    'ALGORITHM:HEX',
    checksum,
    'checksum of the saved body: sha256:9f86…; may have {columns}',
    {
      option: 'checksum',
      more: 'Algorithms: sha256, sha512, sha1, md5. A body with another checksum is not kept.',
    },
  ),
  columns: taking('Output', 'NAMES', text, 'columns of CSV, TSV and SQLite, with commas between them', {
    default: 'index, key, the columns of the input, url, status, the parts of --select or value, error',
    more: 'Fields as in --write-out, columns of the input, and names of --select. SQLite adds its fixed columns.',
  }),
  'write-out': taking('Output', 'TEMPLATE', text, "one line per request: '{status} {url}\\n'", {
    short: 'w',
    more: 'Fields: index, request_id, parent_id, item_number, key, method, url, ok, status, attempts, bytes, error, message, error_body, final_url, location, total_ms, value, line_number, names of --select and --response-headers, and every column of the input. If a name has several meanings, value.NAME is the part of --select, header.NAME the response header and row.NAME the column. \\n is a line end, \\t a tab.',
  }),
  'response-headers': taking(
    'Output',
    'NAMES',
    headerNames,
    'response headers in every output, with commas between them',
    {
      option: 'responseHeaders',
      repeat: true,
      default: 'none',
      more: 'JSON lines have them in headers; CSV and SQLite have a column for each. Names that suggest a secret are refused.',
    },
  ),
  as: taking('Output', 'TYPE', bodyType, 'parse bodies as JSON, keep them as text, or as base64 (bytes)', {
    option: 'returnType',
    choices: BODY_TYPES,
    says: { content: 'bytes' },
    default: 'auto: JSON if the body parses, else text, else base64',
  }),
  order: setting('Output', 'ORDER', 'order', asGiven, { choices: ['completed', 'input'] }),
  window: setting('Output', 'N', 'window', number, {
    more: 'With --order input, it also limits how many later requests may finish before a slow one.',
  }),

  resume: aSwitch('Run', 'continue a previous run from its output (.jsonl)', { option: 'resume', common: true }),
  'retry-failed': aSwitch('Run', 'with --resume: send recorded failures again', { option: 'retryFailed' }),
  'retry-only': taking('Run', 'CODES', failureCodes, 'with --resume: send only these failures again: 5xx,404,timeout', {
    option: 'retryFailed',
    repeat: true,
    default: 'none',
    more: 'Codes and classes, with commas between them; the column error and the summary show the codes. Other failures are kept as recorded.',
  }),
  'unknown-writes': setting('Run', 'fail|resend', 'unknownWrites', asGiven, {
    default: 'fail',
    choices: ['fail', 'resend'],
  }),
  durability: setting('Run', 'LEVEL', 'durability', asGiven, { choices: ['process', 'power'] }),
  'fail-fast': aSwitch('Run', 'stop after the first failure', {
    option: { option: 'maxFailures', value: 1 },
    common: true,
  }),
  'max-failures': setting('Run', 'N', 'maxFailures', number),
  'fail-on': taking('Run', 'CONDITION', failTerm, 'exit with 1 if this condition holds at the end: p95>2s, failed>1%', {
    repeat: true,
    default: 'failed>0',
    more: 'A condition is a figure, one of > >= < <=, and a limit. Figures: failed and retries (a number, or a percentage of the requests sent); p50, p90, p95, p99, max and mean of the whole request (a time with its unit), or of one phase: firstByte.p95>300ms. Only requests that were sent in this run count, not those restored from a run file. A condition on failed replaces the default: fewer failures leave the exit code at 0.',
  }),
  config: taking('Run', 'FILE', text, 'read flags from a JSON file', {
    default: 'preq.json in the working directory, if it exists',
    more: 'An object of flags without their dashes: {"concurrency": 50, "rate": "10/s"}. Environment variables (PREQ_RETRIES=5) override it, and flags override both.',
  }),
  workers: setting('Run', 'N', 'workers', number),

  concurrency: setting('Limits', 'N', 'concurrency', number, { short: 'c', common: true }),
  'max-concurrency': setting('Limits', 'N', 'maxConcurrency', number),
  rate: setting('Limits', 'N/UNIT', 'rateLimit', perTime, {
    doc: 'starts per interval: 10/s, 100/m, 5000/h; if repeated, all apply',
    short: 'r',
    repeat: true,
    common: true,
    default: 'none',
  }),
  'rate-burst': setting('Limits', 'N', 'rateLimitBurst', number),
  'per-host': setting('Limits', 'N', 'perHost.concurrency', number, { default: 'none' }),
  'per-host-rate': setting('Limits', 'N/UNIT', 'perHost.rateLimit', perTime, { repeat: true, default: 'none' }),
  'host-limit': taking('Limits', 'HOST=LIMITS', hostLimit, 'limits of certain hosts: api.x.com=5/s,2 or *.y.com=2', {
    option: 'hosts',
    repeat: true,
    more: 'Replaces --per-host and --per-host-rate for them. A number with a unit is a rate, a number alone is the concurrency. With --limit-key, HOST may be an exact key.',
  }),
  'share-limits': taking(
    'Limits',
    'URL',
    text,
    'share all rates with other processes through this Redis: redis://host',
    {
      more: 'Together, the processes stay within these rates, and a 429 pauses its host for all of them. env:NAME reads the URL from a variable. Needs the package ioredis.',
    },
  ),
  'share-ca': taking('Limits', 'FILE', text, 'trust the certificates of Redis that are signed by this CA (PEM)', {
    default: "the system's CAs",
    more: 'With --share-limits rediss://host. If Redis asks for a client certificate, add --share-cert and --share-key.',
  }),
  'share-cert': taking('Limits', 'FILE', text, 'client certificate for the Redis of --share-limits (PEM)'),
  'share-key': taking('Limits', 'FILE', text, 'private key of --share-cert (PEM)'),
  'share-name': taking('Limits', 'NAME', text, 'processes with the same name share their rates', {
    default: 'default',
    more: 'With --share-limits, or with preq submit, where the default is the name of the batch.',
  }),
  'local-share': aSwitch(
    'Limits',
    'while Redis is unavailable, send at an equal share of the rates, for at most 60 s',
    {
      more: 'With --share-limits, or with preq worker. Without it, nothing is sent until Redis is back. If only some processes have lost Redis, the total can exceed the rates.',
    },
  ),
  'limit-key': taking(
    'Limits',
    'TEXT',
    text,
    'apply limits by this text with {columns} instead of by host: {account}',
    {
      option: 'limitKey',
      default: 'by host',
      more: 'If it is empty for a row, the limits of the host apply.',
    },
  ),
  budget: taking(
    'Limits',
    'NAME=N/UNIT',
    namedRate,
    'a weighted limit, from which each attempt takes its --cost: tokens=90000/m',
    { option: 'budgets', repeat: true, default: 'none' },
  ),
  cost: taking('Limits', '[NAME=]N', cost, 'what each attempt takes from --budget: 3, tokens=1200, tokens={columns}', {
    option: 'cost',
    repeat: true,
    default: '1 of each budget, or of --rate if there is no budget',
  }),
  'ignore-server-limits': aSwitch('Limits', 'do not slow down for RateLimit headers', {
    option: { option: 'respectServerLimits', value: false },
  }),
  breaker: enabling('Limits', 'breaker'),
  'breaker-failures': setting('Limits', 'N', 'breaker.failures', number, {
    default: '5',
    more: 'This flag and the next two also turn the breaker on.',
  }),
  'breaker-window': setting('Limits', 'TIME', 'breaker.window', withUnit, { default: '30s' }),
  'breaker-cooldown': setting('Limits', 'TIME', 'breaker.cooldown', withUnit, { default: '10s' }),

  accept: taking('Run', 'STATUSES', statuses, 'statuses that are ok: 200,404 or 2xx,404', {
    option: 'acceptStatus',
  }),
  'secret-name': taking('Run', 'NAME', text, undefined, { option: 'secretNames', repeat: true }),

  retries: setting('Retries and time', 'N', 'maxRetries', number, {
    common: true,
    more: 'For the budget, see --retry-reserve and --retry-share.',
  }),
  'retry-methods': taking('Retries and time', 'METHODS', methods, undefined, {
    option: 'retry.methods',
    example: 'GET,POST',
  }),
  'retry-statuses': taking('Retries and time', 'STATUSES', statuses, undefined, {
    option: 'retry.statuses',
    example: '429,5xx',
  }),
  backoff: setting('Retries and time', 'TIME', 'retry.backoff.base', withUnit),
  'max-backoff': setting('Retries and time', 'TIME', 'retry.backoff.max', withUnit),
  'retry-share': setting('Retries and time', 'N', 'retry.budget.ratio', number, {
    more: 'Otherwise a host that is down would get every request four times.',
  }),
  'retry-reserve': setting('Retries and time', 'N', 'retry.budget.reserve', number),
  'max-retry-after': setting('Retries and time', 'TIME', 'retry.maxRetryAfter', withUnit),
  timeout: setting('Retries and time', 'TIME', 'timeout', withUnit, {
    example: '10s or 1m30s',
    short: 't',
    common: true,
  }),
  'connect-timeout': setting('Retries and time', 'TIME', 'timeouts.connect', withUnit),
  'headers-timeout': setting('Retries and time', 'TIME', 'timeouts.headers', withUnit),
  'idle-timeout': setting('Retries and time', 'TIME', 'timeouts.idle', withUnit),
  'total-timeout': setting('Retries and time', 'TIME', 'timeouts.total', withUnit, { default: 'none' }),
  'min-speed': setting('Retries and time', 'SIZE', 'minSpeed.bytes', perSecond, {
    option: ['minSpeed.bytes', 'minSpeed'],
    default: '256B',
  }),
  'min-speed-over': setting('Retries and time', 'TIME', 'minSpeed.over', withUnit),

  poll: aSwitch('Jobs', 'poll a job until it is done: after a 202, at the URL in its headers', {
    option: 'poll',
    more: 'The URL is in Operation-Location, Azure-AsyncOperation or Location. The flags below also turn this on.',
  }),
  'poll-status': setting('Jobs', 'PATH', 'poll.status', asGiven, {
    default: 'none: a 202 is pending, any other response is the result',
  }),
  'poll-done': setting('Jobs', 'STATUSES', 'poll.done', commaList, {
    default: 'succeeded, success, successful, completed, complete, done, finished',
    more: 'With commas between them, in upper or lower case.',
  }),
  'poll-failed': setting('Jobs', 'STATUSES', 'poll.failed', commaList, {
    default: 'failed, failure, error, errored, canceled, cancelled, aborted, expired',
  }),
  'poll-interval': setting('Jobs', 'TIME', 'poll.interval', withUnit, {
    default: '2s',
    more: 'A longer Retry-After of the response is used instead, up to --max-retry-after.',
  }),
  'poll-deadline': setting('Jobs', 'TIME', 'poll.deadline', withUnit, { default: '10m' }),
  'poll-url': setting('Jobs', 'PATH', 'poll.url', asGiven, {
    default: 'the URL in the headers, or else that of the request, if it is a GET',
  }),
  'poll-result': setting('Jobs', 'PATH', 'poll.result', asGiven, { default: 'none: the last response is the value' }),

  'no-follow': aSwitch('Connection', 'do not follow redirects', {
    option: { option: 'followRedirects', value: false },
  }),
  'keep-method': aSwitch('Connection', 'repeat the method after 301, 302 and 303, without its body, as curl -X does', {
    option: { option: 'followRedirects', value: 'keep_method' },
  }),
  'allow-downgrade': enabling('Connection', 'allowDowngrade'),
  'max-redirects': setting('Connection', 'N', 'maxRedirects', number),
  'allow-body-across-origins': enabling('Connection', 'allowBodyAcrossOrigins'),
  'max-bytes': setting('Connection', 'SIZE', 'maxResponseBytes', inBytes, {
    example: '64MiB',
    default: '64MiB; none with --save',
  }),
  'max-header-bytes': setting('Connection', 'SIZE', 'maxHeaderBytes', inBytes, { example: '256KiB' }),
  'max-json-depth': setting('Connection', 'N', 'maxJsonDepth', number),
  'max-error-body': setting('Output', 'SIZE', 'maxErrorBody', inBytesOrNone),
  'content-coding': setting('Connection', 'MODE', 'contentCoding', asGiven, { choices: ['strict', 'lenient', 'raw'] }),
  'strict-integrity': enabling('Connection', 'strictIntegrity'),
  proxy: taking(
    'Connection',
    'URL',
    text,
    "http, https or socks5 proxy; 'env' reads HTTP_PROXY and similar variables",
    {
      option: ['proxy', { option: 'proxies', said: 'several --proxy' }],
      short: 'x',
      repeat: true,
      more: "If repeated, the proxies are used in turn, one per attempt. 'none' overrides a proxy of the configuration file.",
      default: 'none',
    },
  ),
  'proxy-file': setting('Connection', 'FILE', 'proxyFile', asGiven),
  'proxy-selection': setting('Connection', 'HOW', 'proxySelection', asGiven, { choices: ['round_robin', 'random'] }),
  'proxy-cooldown': setting('Connection', 'TIME', 'proxyCooldown', withUnit),
  insecure: aSwitch('Connection', 'do not check TLS certificates', {
    option: { option: 'verifySsl', value: false },
    short: 'k',
  }),
  'tls-ca': taking('Connection', 'FILE', text, undefined, { option: 'tls.ca' }),
  'tls-cert': taking('Connection', 'FILE', text, undefined, { option: 'tls.cert' }),
  'tls-key': taking('Connection', 'FILE', text, undefined, { option: 'tls.key' }),
  'tls-pfx': taking('Connection', 'FILE', text, undefined, { option: 'tls.pfx' }),
  'tls-passphrase': taking(
    'Connection',
    'SECRET',
    text,
    'passphrase of --tls-key or --tls-pfx; env:NAME or @FILE reads it from there',
    { option: 'tls.passphrase' },
  ),
  http2: enabling('Connection', 'http2'),
  'block-private-addresses': enabling('Connection', 'blockPrivateAddresses'),

  quiet: aSwitch('Display', 'no progress and no summary: print errors only', { short: 'q', common: true }),
  verbose: aSwitch('Display', 'list every failure and every host at the end', { short: 'v' }),
  log: taking('Display', 'FILE', text, 'one JSON line per attempt in FILE', {
    default: 'none',
    more: 'Fields: id, index, key, attempt, at, delay, method, url, status or code, timings, bytes, protocol and reused. An existing file is refused without --overwrite; with --resume, lines are appended. - is standard output, unless results go there.',
  }),
  'no-progress': aSwitch('Display', 'no progress, only the summary'),
  'json-progress': aSwitch('Display', 'progress, failures and summary as JSON lines on standard error'),
} as const

export type FlagName = keyof typeof FLAGS

type ReadOf<F> = F extends { readonly read: Read<infer T> } ? T : never
type ValueOf<F> = F extends { readonly repeat: true } ? readonly ReadOf<F>[] : ReadOf<F>

/** The values of the given flags, after reading. */
export type FlagValues = { readonly [name in FlagName]?: ValueOf<(typeof FLAGS)[name]> }

export const FLAG_NAMES = Object.keys(FLAGS) as FlagName[]

/** The row of a flag, with the general type. */
export const flagOf = (name: FlagName): Flag => FLAGS[name]

/** `PREQ_RETRIES` */
export const envName = (name: FlagName): string => `PREQ_${name.replaceAll('-', '_').toUpperCase()}`
