/** The options of a run that is recorded in a file. */

/** How a run is recorded in a file, and taken up again after a crash. */
export interface ResumeOptions {
  /**
   * Path of the run file: one JSON line per finished request. A rerun with the same input goes on where the file ends,
   * and gives back what is in it; an input that differs is a ConfigError that shows the first difference. A request is
   * known by its `key`, else by its place (`Outcome.id`), and by all that it brings: URL, method, body, its own headers
   * and credentials. Those of the options may change. The input may be longer; with keys also sorted, or shorter. The
   * file is made for its owner alone. Default none.
   *
   * @example resume: 'run.jsonl'
   */
  resume?: string | undefined
  /**
   * Send again what had failed. Default false. A write of which nobody knows whether it was carried out (`in_doubt/…`) is not
   * sent by this alone, and has a warning that says so: see `unknownWrites`.
   */
  retryFailed?: boolean | undefined
  /**
   * What becomes of unsafe requests (POST, PATCH) that were under way when the run before it ended: `'fail'`, the
   * default, gives `in_doubt/crash`, also in the file; `'resend'` sends them again. Those with an idempotency key are sent again with the
   * same key either way.
   */
  unknownWrites?: 'fail' | 'resend' | undefined
  /** A finished line survives `'process'`, the end of the process (default), or `'power'`, that of the machine as well. */
  durability?: 'process' | 'power' | undefined
}
