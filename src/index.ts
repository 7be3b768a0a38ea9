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
export type {
  Follow,
  FollowContext,
  FollowLimits,
  FollowOptions,
  FollowUpInput,
  FollowUps,
  Until,
} from './core/follow.ts'
export type { PageStyle, Pagination, PaginationFields, Path } from './core/pagination.ts'
export { InputError, isInputError } from './core/input-error.ts'
export type { ErrorResponse } from './core/error.ts'
export type {
  BreakerInput,
  ClientOptions,
  CookiesInput,
  DispatcherLike,
  DrainOptions,
  FailureMode,
  HostLimits,
  LookupInput,
  MinSpeedInput,
  RequestOptions,
  SharedOptions,
  StreamOptions,
} from './core/options.ts'
export type { ConnectionOptions, LookupAnswer } from './core/connection-options.ts'
export type { ProxyOptions } from './core/proxy-options.ts'
export type { ResumeOptions } from './core/resume-options.ts'
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
  AuthRequest,
  BodyInput,
  ClientAuth,
  CostInput,
  CostRequest,
  Duration,
  FetchRequest,
  FileInput,
  FormInput,
  HeadersInput,
  HookRequest,
  HookVerdict,
  Hooks,
  MultipartInput,
  OAuth,
  OAuthInput,
  Params,
  ParseContext,
  ProxyInput,
  RateInput,
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
  Size,
  TimeoutsInput,
  TokenAuth,
  TokenContext,
} from './core/spec.ts'
export type { ClientStats, LaneStats } from './client/client-stats.ts'
