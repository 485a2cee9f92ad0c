import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../faults/', import.meta.url));

export interface FaultHome {
  readonly folder: string;
  readonly home: string;
  readonly config: string;
  readonly ledger: string;
  readonly segments: string;
}

/** A fresh folder with a configuration that loads the ledger plugin. Deaths are not what its steps are blamed for. */
export async function withFaultHome<T>(work: (home: FaultHome) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-faults-'));
  const ledger = join(folder, 'ledger.txt');
  const config = join(folder, 'llmteam.config.json');
  const file = {
    plugins: [{ package: join(source, 'ledger-plugin'), isolation: 'inline' as const }],
    settings: { ledger: { file: ledger } },
    worker: { max_deliveries: 1_000 },
  };
  writeFileSync(config, JSON.stringify(file));
  try {
    return await work({ folder, home: join(folder, '.llmteam'), config, ledger, segments: join(source, 'segments') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
