import type { Segment } from '@llmteam/contracts';
import { spread } from '../../measure.js';
import { residentMb } from '../../resident-memory.js';
import type { Row } from '../../row.js';
import { withCluster } from '../cluster.js';

const waitingRuns = 100_000;
const startsAtATime = 200;
/** As in docker-compose.yml: without a limit V8's heap grows to a multiple of what is in use. */
const env = { NODE_OPTIONS: '--max-old-space-size=320' };

/** Waits for a human decision for up to two days. */
const approval: Segment = {
  segment_id: 'approval',
  name: 'Approval',
  entrypoint: 'ask',
  params: { timeout_seconds: 1_000_000 },
  steps: [
    { step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'Publish?', timeout_hours: 48 } },
  ],
  edges: [],
};

/** How much memory does a coordinator use for 100,000 runs that wait for people, and one that takes them over? */
export async function waiting(): Promise<Row[]> {
  return withCluster({ sync: 'default', coordinators: 1, workers: 0, env }, async (cluster) => {
    const definition = await cluster.prepare(approval);
    let left = waitingRuns;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await cluster.start(definition, { about: 'something that somebody must decide' });
    };
    await Promise.all(Array.from({ length: startsAtATime }, lane));
    await cluster.checkpointed();
    const [first] = cluster.coordinators;
    const driving = first === undefined ? Number.NaN : residentMb(first.pid);
    await first?.stop('SIGKILL');
    const began = performance.now();
    const second = await cluster.addCoordinator();
    const tookMs = performance.now() - began;
    return [
      row('nats_waiting_runs_mb', 'memory of a coordinator with 100,000 runs waiting for people', driving),
      row(
        'nats_waiting_takeover_mb',
        'memory of a coordinator after taking over 100,000 waiting runs',
        residentMb(second.pid),
      ),
      {
        key: 'nats_waiting_takeover_ms',
        question: 'NATS: takeover of 100,000 waiting runs after a kill -9, including process start',
        unit: 'ms',
        measured: spread([tookMs]),
        floor: null,
        target: '≤ 60 s',
        isMet: tookMs <= 60_000,
      },
    ];
  });
}

function row(key: string, question: string, mb: number): Row {
  return {
    key,
    question: `NATS: ${question}`,
    unit: 'MB',
    measured: spread([mb]),
    floor: null,
    target: '≤ 300 MB',
    isMet: mb <= 300,
  };
}
