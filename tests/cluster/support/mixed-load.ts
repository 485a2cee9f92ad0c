/**
 * Purpose: a load of runs of every kind, started at random and followed to their ends.
 * Owns: the input of each run, what a client does for it on the way, and the expected result.
 */
import type { Fact, Json, RunEnded } from '@llmteam/contracts';
import { anyone } from '../../support/actors.js';
import type { Random } from '../../support/random.js';
import { type ClusterClient, tenantId } from './cluster-client.js';
import { loadSegments } from './segments.js';

/** How a run must end. */
export interface Expected {
  readonly status: RunEnded['status'];
  readonly output: Json;
}

interface Plan {
  readonly segment: string;
  readonly input: Json;
  readonly expected: Expected;
  /** What a client does for the run. */
  readonly care?: (client: ClusterClient, runId: string) => Promise<void>;
}

type Draw = (random: Random) => Plan;

export const completed = (output: Json): Expected => ({ status: 'completed', output });

const kinds: Readonly<Record<string, Draw>> = {
  branches: (random) => {
    const n = random.whole(1, 1_000);
    return { segment: 'branches', input: { n }, expected: completed(n + 1 + (n * 2 + 1) + n * 3) };
  },
  mapped: (random) => {
    const items = Array.from({ length: random.whole(1, 6) }, () => random.whole(-2, 9));
    const failures = { is_failure: true };
    return {
      segment: 'mapped',
      input: { items },
      expected: completed(items.map((item) => (item > 0 ? item * 10 : failures))),
    };
  },
  looped: (random) => {
    const times = random.whole(1, 4);
    const output = Array.from({ length: times }, (_, place) => 100 + place);
    return { segment: 'looped', input: { times }, expected: completed(output) };
  },
  asked: (random) => {
    const value = random.whole(1, 1_000);
    const care = async (client: ClusterClient, runId: string): Promise<void> => {
      await client.untilFact(runId, reported('before'));
      const answer = { decision: 'answer', value, answered_by: 'somebody' } as const;
      await client.untilAnswered(() => client.runs.answer(tenantId, `${runId}:ask`, answer, anyone));
    };
    return { segment: 'asked', input: {}, expected: completed({ decided: value }), care };
  },
  signalled: (random) => {
    const payload = random.whole(1, 1_000);
    const care = async (client: ClusterClient, runId: string): Promise<void> => {
      await client.untilAnswered(() => client.runs.signal({ tenant_id: tenantId, run_id: runId }, 'paid', payload));
    };
    return { segment: 'signalled', input: {}, expected: completed(payload), care };
  },
  nested: (random) => {
    const n = random.whole(1, 1_000);
    return { segment: 'nested', input: { n }, expected: completed((n * 2 + 1) * 10) };
  },
  rescued: () => ({ segment: 'rescued', input: {}, expected: completed('rescued') }),
  cancelled: () => {
    const care = async (client: ClusterClient, runId: string): Promise<void> => {
      await client.untilFact(runId, reported('before'));
      await client.untilAnswered(() =>
        client.runs.control({ tenant_id: tenantId, run_id: runId }, 'cancel', 'a caller'),
      );
    };
    return { segment: 'endless', input: {}, expected: { status: 'cancelled', output: null }, care };
  },
  paused: (random) => {
    const n = random.whole(1, 1_000);
    return { segment: 'chain', input: { n }, expected: completed(n + 5), care: pauseAndResume };
  },
  chain: (random) => {
    const n = random.whole(1, 1_000);
    return { segment: 'chain', input: { n }, expected: completed(n + 5) };
  },
};

/** A run may end before it can be paused; a paused one is resumed. */
async function pauseAndResume(client: ClusterClient, runId: string): Promise<void> {
  const run = { tenant_id: tenantId, run_id: runId };
  for (const action of ['pause', 'resume'] as const) {
    try {
      await client.untilAnswered(() => client.runs.control(run, action, 'a caller'));
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'RUN_ENDED') throw error;
    }
  }
}

function reported(step: string): (fact: Fact) => fact is Fact & { type: 'step.reported' } {
  return (fact): fact is Fact & { type: 'step.reported' } =>
    fact.type === 'step.reported' && fact.step === step && fact.error === undefined;
}

export class MixedLoad {
  /** How each run must end, by id. */
  readonly expected = new Map<string, Expected>();
  readonly startedByKind = new Map<string, number>();
  private readonly errors: unknown[] = [];
  private isEnding = false;

  constructor(
    private readonly client: ClusterClient,
    private readonly random: Random,
    private readonly kindsDrawn: readonly string[] = Object.keys(kinds),
  ) {}

  async prepare(): Promise<void> {
    await this.client.publish(loadSegments);
  }

  /** Keeps this many runs in flight until `stop`; resolves once all have ended, rejects if a run failed. */
  async keepGoing(atATime: number): Promise<void> {
    await Promise.all(Array.from({ length: atATime }, () => this.lane()));
    if (this.errors.length > 0) throw this.errors[0];
  }

  stop(): void {
    this.isEnding = true;
  }

  /** Starts this many runs at once; resolves once all have ended. */
  async play(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.oneRun()));
    if (this.errors.length > 0) throw this.errors[0];
  }

  private async lane(): Promise<void> {
    while (!this.isEnding && this.errors.length === 0) await this.oneRun();
  }

  private async oneRun(): Promise<void> {
    const { client, random } = this;
    const kind = random.oneOf(this.kindsDrawn);
    const { segment, input, expected, care } = kinds[kind]?.(random) ?? unknownKind(kind);
    const runId = `${kind}-${this.expected.size + 1}`;
    this.expected.set(runId, expected);
    this.startedByKind.set(kind, (this.startedByKind.get(kind) ?? 0) + 1);
    try {
      await client.start(segment, input, runId);
      await care?.(client, runId);
      await client.untilFact(runId, (fact): fact is RunEnded => fact.type === 'run.ended');
    } catch (error) {
      this.errors.push(error);
    }
  }
}

function unknownKind(kind: string): never {
  throw new Error(`there are no runs of kind '${kind}'`);
}
