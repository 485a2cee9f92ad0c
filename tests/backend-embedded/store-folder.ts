import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open_sqlite_backend, system_clock } from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';

export async function with_folder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llmteam-store-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function with_store(folder: string, use: (backend: Backend) => Promise<void>): Promise<void> {
  const backend = await open_sqlite_backend({ folder, clock: system_clock() });
  try {
    await use(backend);
  } finally {
    await backend.close();
  }
}
