import type { Edge, RunView, Segment, Step, StepStatus, StepSummary } from '@llmteam/contracts';

/** `a -> b`, or with ports `a.true -> b.left`, and a condition after `if`. */
function edge(written: string): Edge {
  const found = /^(\w+)(?:\.(\w+))? -> (\w+)(?:\.(\w+))?(?: if (.+))?$/s.exec(written);
  if (found === null) throw new Error(`not an edge: ${written}`);
  const [, from = '', fromPort, to = '', toPort, condition] = found;
  return {
    from,
    to,
    ...(fromPort === undefined ? {} : { from_port: fromPort }),
    ...(toPort === undefined ? {} : { to_port: toPort }),
    ...(condition === undefined ? {} : { condition }),
  };
}

/** A segment of steps given as `id: type`; the first one is the entrypoint. */
export function segment(steps: Readonly<Record<string, string | Step>>, edges: readonly string[] = []): Segment {
  const list = Object.entries(steps).map(([stepId, step]) =>
    typeof step === 'string' ? { step_id: stepId, type: step } : step,
  );
  return {
    segment_id: 'sample',
    name: 'Sample',
    entrypoint: list[0]?.step_id ?? 'none',
    steps: list,
    edges: edges.map(edge),
  };
}

export const articleWriter: Segment = {
  version: '1.0',
  segment_id: 'article_writer',
  name: 'Article Writer Pipeline',
  entrypoint: 'research',
  steps: [
    {
      step_id: 'research',
      type: 'llm_agent',
      config: { llm_ref: 'gpt4', system_prompt: 'You are a researcher...' },
    },
  ],
};

export const diamond = segment(
  {
    ask: 'llm_agent',
    urgent: 'condition',
    page: 'http_action',
    draft: 'llm_agent',
    log: 'transform',
    alert: 'http_action',
  },
  [
    'ask -> urgent',
    'urgent.true -> page',
    'urgent.false -> draft if value.confidence > 0.8',
    'page -> log',
    'draft -> log',
    'ask.error -> alert',
  ],
);

export const nestedLoops = segment(
  {
    list: 'http_action',
    each: 'map',
    fetch: 'http_action',
    again: 'loop',
    fix: 'llm_agent',
    check: 'transform',
    sum_up: 'llm_agent',
    report: 'llm_agent',
    note: 'http_action',
  },
  [
    'list -> each',
    'each.body -> fetch',
    'fetch -> again',
    'again.body -> fix',
    'fix -> check',
    'check -> again.next',
    'again.done -> sum_up',
    'sum_up -> each.next',
    'each.done -> report',
    'each.error -> note',
  ],
);

/** A critic loop with several edges back to it and a human task in its body. */
export const reviewedDraft = segment(
  {
    improve: 'critic_loop',
    write: 'llm_agent',
    good: 'condition',
    approve: 'human_task',
    judge: 'llm_agent',
    publish: 'http_action',
  },
  [
    'improve.body -> write',
    'write -> good',
    'good.true -> approve',
    'good.false -> judge',
    'approve.approved -> improve.next',
    'approve.rejected -> judge',
    'judge -> improve.next',
    'judge.error -> improve.next',
    'improve.done -> publish',
  ],
);

/** A chain of steps s0, s1, … */
export function chain(length: number): Segment {
  const steps = Array.from({ length }, (_, i): [string, string] => [`s${i}`, 'transform']);
  return segment(
    Object.fromEntries(steps),
    steps.slice(1).map(([id], i) => `s${i} -> ${id}`),
  );
}

/** A run whose steps have the given statuses: `step` or `scope/step` to a status or to a partial step summary. */
export function runOf(
  of: Segment,
  told: Readonly<Record<string, StepStatus | Partial<StepSummary>>>,
  more: Partial<RunView> = {},
): RunView {
  const steps = Object.entries(told).map(([key, summary]): StepSummary => {
    const slash = key.lastIndexOf('/');
    const shown = typeof summary === 'string' ? { status: summary } : summary;
    return {
      step_id: key.slice(slash + 1),
      scope: slash < 0 ? '' : key.slice(0, slash),
      type: 'any',
      status: 'pending',
      attempt: 1,
      error: null,
      ...shown,
    };
  });
  return {
    run_id: 'run_1',
    segment_id: of.segment_id,
    tenant_id: 'default',
    status: 'running',
    input: null,
    output: null,
    error: null,
    steps,
    steps_completed: 0,
    steps_total: 0,
    usage: { input_tokens: 0, output_tokens: 0 },
    started_at: '2026-01-01T00:00:00.000Z',
    completed_at: null,
    duration_ms: null,
    correlation_id: null,
    metadata: {},
    parent_run_id: null,
    ...more,
  };
}
