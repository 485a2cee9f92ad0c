import type { Activity, ErrorInfo, Fact, Job, Json, JsonObject, Segment } from '@llmteam/contracts';

/** What one attempt of a `work` step does. Default: after 10 ms it fires `output` with `config.result`, or with its input. */
export interface Act {
  readonly takes_ms?: number;
  /** The ports it fires; a string `$<field>` stands for that field of the job: `$input`, `$ports`, `$memos`, `$config`, … */
  readonly ports?: JsonObject;
  /** Fails with this code; not in the error table: recoverable unless said otherwise. */
  readonly fails?: string;
  readonly recoverable?: boolean;
  readonly details?: JsonObject;
  /** The worker is never heard of. */
  readonly silent?: boolean;
  /** How often the report arrives. */
  readonly reports?: number;
  /** The worker journals its start after this time (only where the job asks for it). */
  readonly starts_after_ms?: number;
  readonly usage?: { readonly input_tokens: number; readonly output_tokens: number };
  /** Told with the report. */
  readonly activities?: readonly Omit<Activity, 'at'>[];
  /** `after_ms`: default 1. */
  readonly memo?: { readonly name: string; readonly value: Json; readonly after_ms?: number };
}

/** Something from outside at a time of the simulation. */
export interface Outside {
  readonly at_ms: number;
  /** Default: the run of the scenario. */
  readonly run?: string;
  /** How often it is appended. Default 1. */
  readonly times?: number;
  readonly append: Partial<Fact> & { readonly type: Fact['type'] };
}

export interface Script {
  readonly about: string;
  readonly input?: Json;
  readonly timeout_seconds?: number | null;
  /** Segments that `segment_ref` names. */
  readonly segments?: Readonly<Record<string, Segment>>;
  /** By step key or step id: one act for all attempts, or one for each, the last again for the rest. */
  readonly steps?: Readonly<Record<string, Act | readonly Act[]>>;
  readonly outside?: readonly Outside[];
  /** A second run, `fork`, that begins with the history of the first up to what it first tells of a step. */
  readonly fork?: { readonly at_ms: number; readonly from_step: string; readonly input_overrides?: JsonObject };
  /** The simulation ends here at the latest; a run that has not ended by then is left as it is. Default: a day. */
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
