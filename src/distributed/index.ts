/** Several processes that work together through Redis. */
import '../core/supported-node.ts'

export {
  batches,
  cancel,
  collect,
  dead,
  deleteBatch,
  examineBroker,
  limits,
  pause,
  reconcile,
  resume,
  retryBatch,
  status,
  submit,
  watch,
  work,
  workers,
} from './batch/api.ts'
export type {
  BatchOptions,
  BrokerOptions,
  CollectOptions,
  DeadOptions,
  DeleteOptions,
  LimitsOptions,
  ReconcileOptions,
  RetryBatchOptions,
  SigningOptions,
  SubmitOptions,
  SubmitRequests,
  WatchOptions,
  WorkOptions,
} from './batch/api.ts'
export type { Collected } from './batch/collect.ts'
export type { BatchStatus, LiveStatus } from './batch/control.ts'
export type { Dead, DeadChunk, DeadRequest } from './batch/dead.ts'
export type { BrokerFinding } from './batch/doctor.ts'
export type { BatchLimits } from './batch/limits.ts'
export type { BatchInfo } from './batch/list.ts'
export type { Reconciled } from './batch/reconcile.ts'
export type { RetryResult } from './batch/retry.ts'
export type { SubmitResult } from './batch/submit.ts'
export type { WorkerBatch, WorkerInfo, WorkerReport } from './batch/workers.ts'
export { redisLimits } from './limits/redis-limits.ts'
export type { RedisLimitsOptions } from './limits/redis-limits.ts'
export type { RedisTls } from './redis-tls.ts'
export type { SharedLimits } from '../core/shared-limits.ts'
