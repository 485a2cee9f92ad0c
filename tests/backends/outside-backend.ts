/** The example of a backend as an outsider has it: in a folder of its own, compiled, with no package of ours but the contracts. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BackendType, Plugin } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';

export interface OutsideBackend {
  readonly folder: string;
  readonly type: BackendType;
}

/** It is removed when the process ends. */
export async function outsideBackend(): Promise<OutsideBackend> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-outside-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, 'examples/backends/memory'), folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules/@llmteam'), { recursive: true });
  symlinkSync(join(root, 'contracts'), join(folder, 'node_modules/@llmteam/contracts'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
  assert.is(compiled.stdout + compiled.stderr, '');
  const module = (await import(pathToFileURL(join(folder, 'dist/index.js')).href)) as { default: Plugin };
  const { backend } = module.default;
  if (backend === undefined) throw new Error('the example has no backend');
  return { folder, type: backend };
}
