import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A copy of the hostile plugin whose package.json says something else. */
export async function withHostileCopy(change: object, use: (folder: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'llmteam-hostile-'));
  const folder = join(home, 'hostile');
  const manifest = join(folder, 'package.json');
  try {
    cpSync(join(import.meta.dirname, '../../../isolation/hostile'), folder, { recursive: true });
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), ...change }));
    await use(folder);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
