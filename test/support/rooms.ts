/** The folders of src and their ranks: a file imports only from a lower rank or from its own folder. */
export const RANKS: Readonly<Record<string, number>> = {
  core: 1,
  config: 2,
  disk: 2,
  policy: 3,
  transport: 3,
  store: 3,
  codec: 3,
  paginate: 3,
  testing: 3,
  sinks: 3,
  display: 3,
  engine: 4,
  layer: 4,
  report: 4,
  otel: 4,
  client: 5,
  distributed: 6,
  // The public entry. The command line imports it like any user.
  index: 6,
  cli: 7,
}
