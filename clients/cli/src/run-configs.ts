/**
 * Purpose: remembers which configuration a run was started with, so that `runs resume` finds the same plugins and models.
 * Owns: `<home>/run-configs/<run_id>.json`, a bounded number of them. A hint: a lost one costs a `--config`.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';

const most_files = 10_000;
const kept_files = 9_000;
const run_name = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function folder_of(home: string): string {
  return join(home, 'run-configs');
}

/** null: the run has no configuration file. */
export function remember_config(home: string, run_id: string, config_path: string | null): void {
  const folder = folder_of(home);
  try {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${run_id}.json`);
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, `${JSON.stringify({ config_path })}\n`);
    renameSync(draft, path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const error = code === 'ENOSPC' ? 'STORE_FULL' : 'FILE_UNREADABLE';
    throw new LlmteamError(error, `cannot write to the folder '${folder}' (${code ?? 'unknown error'})`, { cause });
  }
  forget_oldest(folder);
}

/** undefined: nothing is known of the run. A run that a step started (`<run_id>.<number>`) has its parent's. */
export function recalled_config(home: string, run_id: string): string | null | undefined {
  if (!run_name.test(run_id)) return undefined;
  const parent = /^(.+)\.[0-9]+$/.exec(run_id)?.[1];
  const known = read_config(home, run_id);
  return known === undefined && parent !== undefined ? recalled_config(home, parent) : known;
}

function read_config(home: string, run_id: string): string | null | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder_of(home), `${run_id}.json`), 'utf8'));
    if (typeof found !== 'object' || found === null || !('config_path' in found)) return undefined;
    const { config_path } = found;
    return typeof config_path === 'string' || config_path === null ? config_path : undefined;
  } catch {
    return undefined;
  }
}

/** Several processes may do this at a time: a file that is gone already is none the worse. */
function forget_oldest(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= most_files) return;
  const aged = names.map((name) => ({ path: join(folder, name), at: modified_at(join(folder, name)) }));
  aged.sort((a, b) => a.at - b.at);
  for (const { path } of aged.slice(0, names.length - kept_files)) rmSync(path, { force: true });
}

function modified_at(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
