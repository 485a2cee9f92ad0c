import { type Static, Type } from 'typebox';
import { type JsonObject, JsonRecord } from './json.js';

interface ErrorCode {
  /** Whether a retry may help; honoured by a step's retry policy. */
  readonly recoverable: boolean;
  /** The gateway's HTTP status. */
  readonly http: number;
  readonly about: string;
}

/** Every error code of LLMTeam. Codes are never renamed or reused. `docs/errors.md` is generated from here. */
export const errorCodes = {
  SEGMENT_INVALID: {
    recoverable: false,
    http: 422,
    about: 'The segment has problems; `details.problems` lists all of them.',
  },
  INPUT_INVALID: { recoverable: false, http: 422, about: "The input does not match the segment's `input_schema`." },
  JSON_INVALID: {
    recoverable: false,
    http: 400,
    about: 'The text is not JSON, or is deeper or larger than allowed; line and column are in the message.',
  },
  YAML_INVALID: {
    recoverable: false,
    http: 400,
    about: 'The text is not YAML 1.2, or not data that JSON can express; line and column are in the message.',
  },
  CONFIG_INVALID: { recoverable: false, http: 500, about: 'A configuration file or environment variable is wrong.' },
  FILE_UNREADABLE: { recoverable: false, http: 400, about: 'A file is missing or cannot be read or written.' },
  RUN_UNKNOWN: { recoverable: false, http: 404, about: 'No such run.' },
  RUN_ENDED: { recoverable: false, http: 409, about: 'The run has ended and can no longer be changed.' },
  RUN_ACTIVE: { recoverable: false, http: 409, about: 'The run, or one of its child runs, has not ended.' },
  RUN_REDACTED: { recoverable: false, http: 409, about: 'The data of the run was removed; this needs it.' },
  TASK_UNKNOWN: { recoverable: false, http: 404, about: 'No such human task.' },
  TASK_CLOSED: { recoverable: false, http: 409, about: 'The human task is answered, timed out or cancelled.' },
  TASK_CLAIMED: {
    recoverable: false,
    http: 409,
    about: 'The task is claimed by, or assigned to, somebody else.',
  },
  ANSWER_INVALID: { recoverable: false, http: 422, about: "The answer does not fit the task's form or choices." },
  SEGMENT_UNKNOWN: { recoverable: false, http: 404, about: 'No segment with that id is stored.' },
  PORT_UNKNOWN: {
    recoverable: false,
    http: 422,
    about: 'The `input_overrides` of a fork name an input port that the step does not have.',
  },
  STEP_UNKNOWN: { recoverable: false, http: 404, about: 'The segment has no such step.' },
  UNKNOWN_REF: { recoverable: false, http: 422, about: 'A `…_ref` names a resource that is not configured.' },
  STEP_TIMEOUT: { recoverable: true, http: 504, about: 'An attempt took longer than its `timeout_seconds`.' },
  NO_WORKER: { recoverable: false, http: 503, about: 'No worker started the step within `queue_timeout_seconds`.' },
  WORKER_LOST: {
    recoverable: true,
    http: 503,
    about: 'The worker died, or the job was delivered too often without a report.',
  },
  STEP_FAILED: { recoverable: true, http: 500, about: "A step's handler threw an error without a code." },
  STEP_RESULT_INVALID: {
    recoverable: false,
    http: 500,
    about: "A handler's result is not JSON, is too large, or fires a port the step does not have.",
  },
  STEP_INPUT_INVALID: {
    recoverable: false,
    http: 422,
    about: "A value on an input port is missing or does not match the port's type or schema.",
  },
  STEP_CRASHED: {
    recoverable: true,
    http: 500,
    about: "The process or thread that runs a plugin's handlers ended, or had to be ended, while the step ran.",
  },
  PERMISSION_DENIED: {
    recoverable: false,
    http: 403,
    about: "A handler used something that its plugin's manifest does not declare or the configuration does not grant.",
  },
  STEP_CONFIG_INVALID: {
    recoverable: false,
    http: 422,
    about: "A step's config, with expressions filled in, does not match its schema.",
  },
  EXPRESSION_FAILED: {
    recoverable: false,
    http: 422,
    about: 'An expression could not be evaluated; its text and position are in `details`.',
  },
  ITERATION_FAILED: { recoverable: false, http: 500, about: 'An iteration of a loop failed and was not tolerated.' },
  BRANCHES_FAILED: { recoverable: false, http: 500, about: 'Every branch of a join failed.' },
  CHILD_RUN_FAILED: { recoverable: false, http: 500, about: 'The child run of a `subworkflow` step did not complete.' },
  TASK_TIMEOUT: { recoverable: false, http: 504, about: 'Nobody answered the human task in time.' },
  RUN_TIMEOUT: { recoverable: false, http: 504, about: 'The run took longer than its `timeout_seconds`.' },
  CANCELLED: { recoverable: false, http: 409, about: 'The run or the attempt was cancelled.' },
  LIMIT_EXCEEDED: { recoverable: false, http: 413, about: 'A cap was reached; the message names it.' },
  HTTP_STATUS: {
    recoverable: true,
    http: 502,
    about: 'The called service responded with an unexpected status.',
  },
  HTTP_CLIENT_ERROR: {
    recoverable: false,
    http: 502,
    about: 'The called service refused the request (4xx other than 408, 425 and 429).',
  },
  HTTP_FAILED: {
    recoverable: true,
    http: 502,
    about: 'The called service could not be reached or closed the connection.',
  },
  HTTP_RESPONSE_INVALID: {
    recoverable: false,
    http: 502,
    about: 'The response is too large or not of the expected kind.',
  },
  EGRESS_BLOCKED: { recoverable: false, http: 403, about: 'Outbound requests to this address are not allowed.' },
  LLM_FAILED: { recoverable: true, http: 502, about: 'The model provider failed or could not be reached.' },
  LLM_REFUSED: { recoverable: false, http: 502, about: 'The model provider refused the request.' },
  LLM_OUTPUT_INVALID: {
    recoverable: true,
    http: 502,
    about: "The model's answer is not JSON or does not match `output_schema`.",
  },
  PLUGIN_MISSING: { recoverable: false, http: 500, about: 'A plugin package cannot be found.' },
  PLUGIN_DUPLICATE: {
    recoverable: false,
    http: 500,
    about:
      'Two plugins bring the same step type or model provider, or have the same name and are not versions of one package.',
  },
  PLUGIN_INCOMPATIBLE: { recoverable: false, http: 500, about: 'A plugin requires another API version.' },
  PLUGIN_INVALID: { recoverable: false, http: 500, about: 'A plugin has no valid manifest or definition.' },
  PLUGIN_FAILED: {
    recoverable: false,
    http: 500,
    about: 'A plugin threw or hung while loading, starting or stopping.',
  },
  BACKEND_UNREACHABLE: {
    recoverable: true,
    http: 503,
    about: 'The message server cannot be reached or does not respond; nothing that was acknowledged is lost.',
  },
  BACKEND_UNSUITABLE: {
    recoverable: false,
    http: 503,
    about:
      'The message server is too old, lacks JetStream or a permission, or its streams differ from the configuration.',
  },
  STORE_LOCKED: { recoverable: true, http: 503, about: 'Another process owns the data.' },
  STORE_FULL: { recoverable: true, http: 507, about: 'The disk is full; nothing that was acknowledged is lost.' },
  STORE_FAILED: { recoverable: true, http: 503, about: 'The store failed; nothing that was acknowledged is lost.' },
  STORE_CORRUPT: { recoverable: false, http: 500, about: 'The stored data is damaged or of an unknown version.' },
  REVISION_CONFLICT: { recoverable: true, http: 409, about: 'The value was changed concurrently.' },
  BLOB_MISSING: { recoverable: true, http: 500, about: 'A large value is not in the blob store.' },
  SYSTEM_FAILED: {
    recoverable: true,
    http: 500,
    about: 'The operating system refused a call; the message names the call, what it was for, and the reason.',
  },
  CLOSED: { recoverable: false, http: 503, about: 'The component is closed.' },
  USAGE: { recoverable: false, http: 400, about: 'The command line was not understood.' },
  UNAUTHENTICATED: {
    recoverable: false,
    http: 401,
    about: 'The request has no API key, or one that is unknown, expired or revoked.',
  },
  FORBIDDEN: {
    recoverable: false,
    http: 403,
    about: "The key's role does not allow the action, the key may not act for others, or the origin is not listed.",
  },
  KEY_UNKNOWN: { recoverable: false, http: 404, about: 'No such API key.' },
  ROUTE_UNKNOWN: { recoverable: false, http: 404, about: 'There is nothing at this address.' },
  STEP_TYPE_UNKNOWN: { recoverable: false, http: 404, about: 'The catalog has no such step type.' },
  METHOD_NOT_ALLOWED: {
    recoverable: false,
    http: 405,
    about: 'The address does not support the method; `Allow` lists those it does.',
  },
  REQUEST_INVALID: {
    recoverable: false,
    http: 400,
    about: 'The request does not match the API; `problems` lists everything that is wrong, by JSON Pointer.',
  },
  HOST_INVALID: { recoverable: false, http: 400, about: 'The header `Host` is missing or malformed.' },
  HOST_NOT_ALLOWED: {
    recoverable: false,
    http: 421,
    about: 'The server does not answer to the name in `Host`; `gateway.hosts` lists names besides its own.',
  },
  EXPECTATION_FAILED: {
    recoverable: false,
    http: 417,
    about: 'The header `Expect` asks for something other than `100-continue`.',
  },
  REQUEST_TIMEOUT: { recoverable: true, http: 408, about: 'The request did not arrive in time.' },
  REQUEST_TOO_LARGE: { recoverable: false, http: 413, about: 'The request body is too large for this address.' },
  HEADERS_TOO_LARGE: { recoverable: false, http: 431, about: 'The request has too many headers, or too large ones.' },
  MEDIA_TYPE_UNSUPPORTED: {
    recoverable: false,
    http: 415,
    about: 'The body is not `application/json`, or is compressed.',
  },
  PRECONDITION_FAILED: {
    recoverable: false,
    http: 412,
    about: 'The condition of `If-Match` or `If-None-Match` is not met: somebody else changed the resource.',
  },
  IDEMPOTENCY_CONFLICT: {
    recoverable: false,
    http: 409,
    about: 'The idempotency key was already used for another request.',
  },
  UPGRADE_REQUIRED: {
    recoverable: false,
    http: 426,
    about: 'The address is a WebSocket; the request is not an upgrade.',
  },
  RATE_LIMITED: {
    recoverable: true,
    http: 429,
    about: "The tenant's rate limit is exceeded; `Retry-After` says when to retry.",
  },
  NOT_READY: {
    recoverable: true,
    http: 503,
    about: 'The gateway is starting, stopping, or cut off from what it needs; `GET /ready` gives the reasons.',
  },
  GATEWAY_UNREACHABLE: {
    recoverable: true,
    http: 503,
    about: 'The gateway cannot be reached, does not respond, or its certificate is not trusted.',
  },
  GATEWAY_ANSWER_INVALID: {
    recoverable: false,
    http: 502,
    about: 'The response is not from a gateway, but from another service or a proxy in between.',
  },
  INTERNAL: {
    recoverable: false,
    http: 500,
    about: 'An internal error occurred; the log has it under the request id.',
  },
} as const satisfies Record<string, ErrorCode>;

export type Code = keyof typeof errorCodes;

/** An error in runs, events and reports. Never contains a stack trace or a secret. */
export const ErrorInfo = Type.Object(
  {
    error_type: Type.String({ description: 'The class of error, e.g. `LlmteamError`, `TypeError`.' }),
    error_code: Type.String({ description: "A code of the error table, or one of the plugin's own." }),
    error_message: Type.String(),
    recoverable: Type.Boolean({ description: 'Whether another attempt may help.' }),
    details: Type.Optional(JsonRecord),
  },
  { additionalProperties: false, $id: 'ErrorInfo' },
);
export type ErrorInfo = Static<typeof ErrorInfo>;

const brand = Symbol.for('llmteam.error');

/**
 * The only error class. Recognised by its brand ({@link isLlmteamError}), never by `instanceof`, so that several copies
 * of this package can coexist in one process. `code` may also be a plugin's own; then `recoverable` says whether to retry.
 */
export class LlmteamError extends Error {
  readonly [brand] = true;
  readonly code: string;
  readonly recoverable: boolean;
  readonly details: JsonObject | undefined;

  constructor(
    code: Code | (string & {}),
    message: string,
    options: { cause?: unknown; details?: JsonObject; recoverable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LlmteamError';
    this.code = code;
    this.recoverable = options.recoverable ?? (code in errorCodes ? errorCodes[code as Code].recoverable : false);
    this.details = options.details;
  }
}

export function isLlmteamError(thrown: unknown): thrown is LlmteamError {
  try {
    return typeof thrown === 'object' && thrown !== null && brand in thrown;
  } catch {
    // A proxy of which nothing can be asked.
    return false;
  }
}

/** The ErrorInfo for a code of the error table. */
export function errorInfo(code: Code, message: string, details?: JsonObject): ErrorInfo {
  const info: ErrorInfo = {
    error_type: 'LlmteamError',
    error_code: code,
    error_message: message,
    recoverable: errorCodes[code].recoverable,
  };
  return details === undefined ? info : { ...info, details };
}
