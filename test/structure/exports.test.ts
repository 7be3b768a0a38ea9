import { expect, it } from 'vitest'
import * as main from '../../src/index.ts'
import * as sinks from '../../src/sinks/index.ts'
import * as testing from '../../src/testing/index.ts'

it('exports exactly these names: each is a promise under semantic versioning', () => {
  expect(Object.keys(main).toSorted()).toEqual([
    'AbortError',
    'ConfigError',
    'HttpStatusError',
    'InputError',
    'ParallelRequests',
    'ParseError',
    'PartialFailureError',
    'RequestError',
    'ReturnType',
    'SchemaError',
    'TimeoutError',
    'isAbortError',
    'isConfigError',
    'isHttpStatusError',
    'isInputError',
    'isParseError',
    'isPartialFailureError',
    'isRequestError',
    'isSchemaError',
    'isTimeoutError',
    'parallelRequests',
    'parallelRequestsSync',
  ])
})

it('exports exactly these names for tests of others', () => {
  expect(Object.keys(testing).toSorted()).toEqual(['mockTransport', 'virtualClock'])
})

it('exports exactly these names for those who keep their outcomes somewhere', () => {
  expect(Object.keys(sinks).toSorted()).toEqual([
    'RowError',
    'SinkError',
    'csv',
    'folder',
    'isRowError',
    'jsonLines',
    'sqlite',
  ])
})
