/**
 * Purpose: remembers which configuration a run was started with, so that `runs resume` uses the same plugins and models.
 * Owns: `<home>/run-configs/<run_id>.json`, a bounded number of files. Only a hint: without it the user has to pass `--config`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { systemReason } from '@llmteam/service-host';

const maxFiles = 10_000;
const keptFiles = 9_000;
const runName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function folderOf(home: string): string {
  return join(home, 'run-configs');
}

/** `configPath` is null if the run has no configuration file. */
export function rememberConfig(home: string, runId: string, configPath: string | null): void {
  const folder = folderOf(home);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${runId}.json`);
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, `${JSON.stringify({ config_path: configPath })}\n`, { mode: 0o600 });
    renameSync(draft, path);
  } catch (cause) {
    const error = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'STORE_FULL' : 'FILE_UNREADABLE';
    throw new LlmteamError(error, `cannot write to the folder '${folder}': ${systemReason(cause)}`, { cause });
  }
  deleteOldest(folder);
}

/** For a run that is deleted; without effect if nothing is remembered. */
export function forgetConfig(home: string, runId: string): void {
  if (runName.test(runId)) rmSync(join(folderOf(home), `${runId}.json`), { force: true });
}

/** Returns undefined if the run is unknown. A child run (`<run_id>.<number>`) falls back to its parent. */
export function recalledConfig(home: string, runId: string): string | null | undefined {
  if (!runName.test(runId)) return undefined;
  const parent = /^(.+)\.[0-9]+$/.exec(runId)?.[1];
  const known = readConfig(home, runId);
  return known === undefined && parent !== undefined ? recalledConfig(home, parent) : known;
}

function readConfig(home: string, runId: string): string | null | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folderOf(home), `${runId}.json`), 'utf8'));
    if (typeof found !== 'object' || found === null || !('config_path' in found)) return undefined;
    const { config_path } = found;
    return typeof config_path === 'string' || config_path === null ? config_path : undefined;
  } catch {
    return undefined;
  }
}

/** Several processes may do this concurrently, so files may already be gone. */
function deleteOldest(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= maxFiles) return;
  const aged = names.map((name) => ({ path: join(folder, name), at: modifiedAt(join(folder, name)) }));
  aged.sort((a, b) => a.at - b.at);
  for (const { path } of aged.slice(0, names.length - keptFiles)) rmSync(path, { force: true });
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
