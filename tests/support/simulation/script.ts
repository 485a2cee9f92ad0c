import type { Activity, ErrorInfo, Fact, Job, Json, JsonObject, Segment } from '@llmteam/contracts';

/** What one attempt of a `work` step does. Default: after 10 ms it fires `output` with `config.result`, or with its input. */
export interface Act {
  readonly takes_ms?: number;
  /** The ports it fires; a string `$<field>` is replaced by that field of the job: `$input`, `$ports`, `$memos`, `$config`, … */
  readonly ports?: JsonObject;
  /** Fails with this code; a code that is not in the error table is recoverable by default. */
  readonly fails?: string;
  readonly recoverable?: boolean;
  readonly details?: JsonObject;
  /** The worker never reports. */
  readonly silent?: boolean;
  /** How many times the report arrives. */
  readonly reports?: number;
  /** The worker journals its start after this time, if the job requires it. */
  readonly starts_after_ms?: number;
  readonly usage?: { readonly input_tokens: number; readonly output_tokens: number };
  /** Included in the report. */
  readonly activities?: readonly Omit<Activity, 'at'>[];
  /** `after_ms`: default 1. */
  readonly memo?: { readonly name: string; readonly value: Json; readonly after_ms?: number };
}

/** An external input at a time of the simulation. */
export interface Outside {
  readonly at_ms: number;
  /** Default: the run of the scenario. */
  readonly run?: string;
  /** How many times it is appended. Default 1. */
  readonly times?: number;
  readonly append: Partial<Fact> & { readonly type: Fact['type'] };
}

export interface Script {
  readonly about: string;
  readonly input?: Json;
  readonly timeout_seconds?: number | null;
  /** Segments that `segment_ref` refers to. */
  readonly segments?: Readonly<Record<string, Segment>>;
  /** By step key or step id: one act for all attempts, or one per attempt, of which the last is repeated. */
  readonly steps?: Readonly<Record<string, Act | readonly Act[]>>;
  readonly outside?: readonly Outside[];
  /** A second run, `fork`, that begins with the history of the first up to its first fact about a step. */
  readonly fork?: { readonly at_ms: number; readonly from_step: string; readonly input_overrides?: JsonObject };
  /** The simulation ends here at the latest, even if a run has not ended. Default: a day. */
  readonly until_ms?: number;
}

export function actOf({ steps = {} }: Script, { step, step_id, attempt }: Job): Act {
  const key = [step, step_id].find((name) => Object.hasOwn(steps, name));
  const acts = (key === undefined ? undefined : steps[key]) ?? {};
  const list: readonly Act[] = [acts].flat();
  return list[Math.min(attempt, list.length) - 1] ?? {};
}

export function fillIn(ports: JsonObject, job: Job): JsonObject {
  const fields: JsonObject = JSON.parse(JSON.stringify(job));
  const fill = (value: Json): Json => {
    if (typeof value === 'string' && value.startsWith('$')) return fields[value.slice(1)] ?? null;
    return value;
  };
  return Object.fromEntries(Object.entries(ports).map(([port, value]) => [port, fill(value)]));
}

export function scriptedError(act: Act, code: string): ErrorInfo {
  const info: ErrorInfo = {
    error_type: 'ScriptedError',
    error_code: code,
    error_message: `scripted: ${code}`,
    recoverable: act.recoverable ?? true,
  };
  return act.details === undefined ? info : { ...info, details: act.details };
}
