/** Any number of HTTP requests in, typed results out: parallel, polite, and with nothing lost. */
import './core/supported-node.ts'
export { ParallelRequests, parallelRequests } from './client/client.ts'
export type {
  BatchDrainOptions,
  BatchOptions,
  CallOptions,
  OutcomeIterator,
  RequestInput,
  RequestInputs,
  StreamCallOptions,
} from './client/infer.ts'
export { parallelRequestsSync } from './client/threads/sync.ts'
export type { FullResponse } from './codec/response.ts'
export {
  AbortError,
  ConfigError,
  HttpStatusError,
  ParseError,
  RequestError,
  SchemaError,
  TimeoutError,
  isAbortError,
  isConfigError,
  isHttpStatusError,
  isParseError,
  isRequestError,
  isSchemaError,
  isTimeoutError,
} from './core/error.ts'
export type { Follow, FollowContext, FollowUpInput, FollowUps, Until } from './core/follow.ts'
export type { PageStyle, Pagination, PaginationFields, Path } from './core/pagination.ts'
export { InputError, isInputError } from './core/input-error.ts'
export type { ErrorResponse } from './core/error.ts'
export type {
  BreakerInput,
  ClientOptions,
  CookiesInput,
  FailureMode,
  HostLimits,
  LookupInput,
  MinSpeedInput,
} from './core/options.ts'
export type { FailedOutcome, OkOutcome, Outcome, RequestSummary, ResponseSummary, Timings } from './core/outcome.ts'
export type { PollInput, PollMatch } from './core/poll.ts'
export { PartialFailureError, isPartialFailureError } from './client/partial-failure.ts'
export type {
  AttemptEvent,
  BatchEvent,
  EventHeaders,
  EventKind,
  Events,
  RequestEvent,
  Telemetry,
} from './core/events.ts'
export type { AttemptTimings, Try } from './core/tries.ts'
export type { SharedLimits } from './core/shared-limits.ts'
export type { Progress, Totals } from './core/progress.ts'
export type { CookieStore, Transport } from './core/ports.ts'
export type { WireAttempt } from './core/wire-attempt.ts'
export type { Fault, FaultCode, Integrity, Reply, Result } from './core/result.ts'
export type { Attributed, Limiting } from './core/attribution.ts'
export type { Counted, HostStatistics, PhaseStatistics, Statistics, StatisticsSeries } from './core/statistics.ts'
export type { Sink } from './core/sink.ts'
export { ReturnType } from './core/spec.ts'
export type {
  AttemptContext,
  Auth,
  ClientAuth,
  CostInput,
  CostRequest,
  FetchRequest,
  FileInput,
  HookRequest,
  Hooks,
  MultipartInput,
  OAuth,
  OAuthInput,
  Params,
  ParseContext,
  Refreshed,
  RequestSpec,
  RequestView,
  ResponseView,
  RetryInput,
  ReturnTypeName,
  SavePath,
  SaveRequest,
  SaveTo,
  SavedFile,
  ServerEvent,
  Schema,
  TokenAuth,
  TokenContext,
} from './core/spec.ts'
export type { ClientStats, LaneStats } from './client/client-stats.ts'
