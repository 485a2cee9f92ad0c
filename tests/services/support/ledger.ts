import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import type { Installation } from './installation.js';

const plugin = join(import.meta.dirname, '../../../../tests/faults/ledger-plugin');

/** Adds a step type `ledger` to the services that writes a line per execution. Returns the lines. */
export function withLedger({ cli }: Pick<Installation, 'cli'>, more: object = {}): () => string[] {
  const file = join(cli.folder, 'ledger.txt');
  cli.write('llmteam.config.json', {
    plugins: [{ package: plugin, isolation: 'inline' }],
    settings: { ledger: { file } },
    ...more,
  });
  return () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
}

/** A chain of steps that each take this long. */
export function ledgerChain(length: number, sleepMs: number): Segment {
  const steps = Array.from({ length }, (_, place) => ({
    step_id: `s${place}`,
    type: 'ledger',
    config: { sleep_ms: sleepMs },
  }));
  const edges = steps.slice(1).map(({ step_id }, place) => ({ from: `s${place}`, to: step_id }));
  return { segment_id: 'ledger', name: 'Ledger', entrypoint: 's0', params: { timeout_seconds: 120 }, steps, edges };
}
