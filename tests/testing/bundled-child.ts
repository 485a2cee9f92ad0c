/** The process in which `checkPlugin` runs a plugin, in one file: the same code, but it starts in a third of the time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckPluginOptions } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';

type Child = Required<CheckPluginOptions>['child'];

const made: Child[] = [];

/** Bundled at the first call; it is removed when the process ends. */
export function bundledChild(): Child {
  const [child = bundle()] = made;
  made[0] = child;
  return child;
}

function bundle(): Child {
  const out = mkdtempSync(join(tmpdir(), 'llmteam-check-child-'));
  process.once('exit', () => rmSync(out, { recursive: true, force: true }));
  const args = ['scripts/bundle.mjs', '--entry', 'clients/testing/dist/check/check-child.js', '--out', out];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return { file: join(out, 'main.js'), args: [] };
}
