import { expect, it } from 'vitest'
import * as distributed from '../../src/distributed/index.ts'
import * as main from '../../src/index.ts'
import * as otel from '../../src/otel/index.ts'
import * as report from '../../src/report/index.ts'
import * as sinks from '../../src/sinks/index.ts'
import * as testing from '../../src/testing/index.ts'

it('the package exports exactly these names, each a promise under semantic versioning', () => {
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

it('parallel-requests/testing exports exactly these names', () => {
  expect(Object.keys(testing).toSorted()).toEqual(['mockTransport', 'virtualClock'])
})

it('parallel-requests/distributed exports exactly these names', () => {
  expect(Object.keys(distributed).toSorted()).toEqual([
    'batches',
    'cancel',
    'collect',
    'dead',
    'deleteBatch',
    'examineBroker',
    'limits',
    'pause',
    'reconcile',
    'redisLimits',
    'resume',
    'retryBatch',
    'status',
    'submit',
    'watch',
    'work',
    'workers',
  ])
})

it('parallel-requests/otel exports exactly these names', () => {
  expect(Object.keys(otel).toSorted()).toEqual(['otel'])
})

it('parallel-requests/report exports exactly these names', () => {
  expect(Object.keys(report).toSorted()).toEqual(['har', 'report'])
})

it('parallel-requests/sinks exports exactly these names', () => {
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
