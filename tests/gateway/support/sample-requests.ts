import { type Route, routerPath } from '@llmteam/gateway';
import { compile } from 'path-to-regexp';
import { echo } from './segments.js';

/** A valid body for each operation that needs one. */
const bodies: Readonly<Record<string, unknown>> = {
  validate_segment: echo,
  store_segment: echo,
  start_run: {},
  fork_run: { from_step: 'say' },
  signal_run: { payload: 1 },
  answer_task: { decision: 'approve' },
  claim_task: {},
  create_key: { role: 'viewer', name: 'sample' },
  cancel_run: {},
  pause_run: {},
  resume_run: {},
};

export interface SampleIds {
  readonly run_id: string;
  readonly segment_id: string;
  readonly task_id: string;
  readonly type_id?: string;
  readonly name?: string;
  /** Of an API key. */
  readonly prefix?: string;
}

export function sampleBody({ operation, body }: Route): unknown {
  return body === undefined ? undefined : bodies[operation];
}

/** The path of a route with ids filled in. */
export function samplePath({ path }: Route, ids: SampleIds): string {
  return compile(routerPath(path))({ type_id: 'transform', name: 'go', prefix: 'absent', ...ids });
}
