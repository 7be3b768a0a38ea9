/**
 * The two parts of undici that the wire is made of, past its index, which loads fetch, WebSocket, caches and mocks with
 * them: 109 files in place of 18, 35 ms and 15 MB at every start (bench/startup.ts). That the files are where they are
 * is no promise of undici's, so that package.json takes its patch releases only; a test holds the two to its index.
 */
export { default as Client } from 'undici/lib/dispatcher/client.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'
