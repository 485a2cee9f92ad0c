import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../examples/llmteam-process.js';

/** The level that `docs/logs.md` names for each message about a run or an attempt. */
export function documentedLevels(): ReadonlyMap<string, string> {
  const [page = ''] = readFileSync(join(root, 'docs/logs.md'), 'utf8').split('\n## Requests\n');
  const rows = page.matchAll(/^\| (debug|info|warn|error) \| ([^|]+) \|/gm);
  return new Map([...rows].map(([, level = '', message = '']) => [message, level]));
}
