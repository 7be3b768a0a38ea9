/** The options of a run file. */

/** How a run is recorded in a file, and resumed after a crash. */
export interface ResumeOptions {
  /**
   * Path of the run file, which gets one JSON line per finished request. A rerun with the same input returns the
   * recorded results and sends the rest. A request is identified by its `key`, or by its position if it has none
   * (`Outcome.id`), and must have the same URL, method, body, headers and credentials as before; those of the options
   * may change. Otherwise the run fails with a ConfigError that shows the first difference. The input may have grown;
   * with keys, it may also be sorted or shortened. A value that `schema` or `parseFunc` refused is recorded as well, and
   * checked again by the rerun. Only the owner can read the file (mode 0600). Default none.
   *
   * @example resume: 'run.jsonl'
   */
  resume?: string | undefined
  /**
   * With `resume`: send recorded failures again. Default false; `true` = all of them. A list names codes and classes:
   * `'http/503'` or `'503'`, `'5xx'`, `'timeout'`, `'dns/not_found'`; other failures are restored as they are. An unknown
   * class is a ConfigError. A write that the server may have carried out (`in_doubt/…`) is still not sent again, and gets
   * a warning that says so: see `unknownWrites`.
   *
   * @example retryFailed: ['5xx', 'timeout']
   */
  retryFailed?: boolean | readonly string[] | undefined
  /**
   * With `resume`: what happens to unsafe requests (POST, PATCH) that were in flight when the previous run ended.
   * `'fail'` (default) records the failure `in_doubt/crash`; `'resend'` sends them again. A request with an idempotency
   * key is always sent again, with the same key.
   *
   * @example resume: 'run.jsonl', unknownWrites: 'resend'
   */
  unknownWrites?: 'fail' | 'resend' | undefined
  /**
   * With `resume`: names of response headers that each line of the run file holds, in `headers`. Restored outcomes have
   * them. A name that suggests a secret is a ConfigError. Default none.
   *
   * @example responseHeaders: ['etag', 'x-request-id']
   */
  responseHeaders?: readonly string[] | undefined
  /**
   * With `resume`: what a recorded line survives. `'process'` (default): the end of the process. `'power'`: also a
   * power failure of the machine, because each line is flushed to the disk.
   *
   * @example resume: 'run.jsonl', durability: 'power'
   */
  durability?: 'process' | 'power' | undefined
}
