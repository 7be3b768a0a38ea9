/**
 * The two parts of undici that the transport uses, imported past its index, which also loads fetch, WebSocket, caches
 * and mocks: 109 files instead of 18, 35 ms and 15 MB at every start (bench/startup.ts). undici does not promise the
 * paths of its files, so package.json accepts patch releases only, and a test compares the two with undici's index.
 */
export { default as Client } from 'undici/lib/dispatcher/client.js'
export { default as buildConnector } from 'undici/lib/core/connect.js'
