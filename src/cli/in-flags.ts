/** What the library says of its options, in the words of the command line. */

const WORDS: readonly (readonly [ofLibrary: string, ofFlags: string])[] = [
  ['See retry.budget, Infinity as its reserve for none', 'See --retry-share and --retry-reserve, none for no limit'],
  ['Move it away, or save elsewhere', 'Add --overwrite, or --resume to the run that saved it'],
  ['retry.maxRetryAfter', '--max-retry-after'],
  ['sent again by retryFailed', 'sent again by --retry-failed'],
  ['set baseUrl', 'give --base-url'],
  ['the burst of rateLimit (', 'the burst of --rate ('],
  ["Set resume: 'run.jsonl'.", 'Add it.'],
  ['expected resume beside it', 'expected --resume beside it'],
  ['An idempotencyKey makes', '--idempotency-key makes'],
  ["unknownWrites: 'resend' sends", '--unknown-writes resend sends'],
  ["expected concurrency: 'auto' beside it", 'expected -c auto beside it'],
  ['set concurrency alone', 'give -c alone'],
  ['expected proxies or proxyFile beside it', 'expected several --proxy or --proxy-file beside it'],
  ['Raise maxResponseBytes', 'Raise --max-bytes'],
  ['Raise maxHeaderBytes', 'Raise --max-header-bytes'],
  ['Raise maxJsonDepth', 'Raise --max-json-depth'],
  ["Leave resume out, or read it as 'content' or 'file'", 'Add --as text, or --save FOLDER'],
  ['See minSpeed', 'See --min-speed'],
  ['Set allowBodyAcrossOrigins if', 'Add --allow-body-across-origins if'],
  ['Set allowDowngrade if', 'Add --allow-downgrade if'],
  ['Set allowHostHeader if', 'Add --allow-host-header if'],
  ['Set blockPrivateAddresses: false to allow it', 'Leave out --block-private-addresses to allow it'],
  ['Set tls: { cert, key }', 'Give --tls-cert and --tls-key, or --tls-pfx'],
  [' Write it without quotes.', ''],
  ['Write one of them as a string.', 'Write one of them.'],
  ['Use Infinity for no limit.', "Write 'none' for no limit."],
]

export const inFlags = (text: string): string =>
  WORDS.reduce((said, [ofLibrary, ofFlags]) => said.replaceAll(ofLibrary, ofFlags), text)

/** Options whose flags are not called alike; `maxRedirects` is `--max-redirects`. */
const FLAGS: Readonly<Record<string, string>> = {
  acceptStatus: 'accept',
  followRedirects: 'no-follow',
  hosts: 'host-limit',
  maxResponseBytes: 'max-bytes',
  maxHeaderBytes: 'max-header-bytes',
  maxRetries: 'retries',
  proxies: 'proxy',
  rateLimit: 'rate',
  rateLimitBurst: 'rate-burst',
  respectServerLimits: 'ignore-server-limits',
  returnType: 'as',
  saveTo: 'save',
  secretNames: 'secret-name',
  verifySsl: 'insecure',
}

/** A ConfigError's message: each of its problems begins with the option. */
export const problemsInFlags = (text: string): string =>
  inFlags(text).replaceAll(
    /^(- )?(tls\.[a-z]+|[a-z][a-zA-Z0-9]*): expected/gm,
    (_, dash: string | undefined, option: string) => {
      const flag =
        FLAGS[option] ?? option.replace('.', '-').replaceAll(/[A-Z0-9]+/g, letter => `-${letter.toLowerCase()}`)
      return `${dash ?? ''}--${flag}: expected`
    },
  )
