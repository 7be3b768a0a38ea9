/** For tests of code that uses the library: a transport without a network, and virtual time. */
import '../core/supported-node.ts'
export { mockTransport } from './mock-transport.ts'
export type { MockHandler, MockRequest, MockResponse, MockTransport } from './mock-transport.ts'
export { virtualClock } from './virtual-clock.ts'
export type { VirtualClock } from './virtual-clock.ts'
