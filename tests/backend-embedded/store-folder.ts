import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';

export async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llmteam-store-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function withStore(folder: string, use: (backend: Backend) => Promise<void>): Promise<void> {
  const backend = await openSqliteBackend({ folder, clock: systemClock() });
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}
