import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PackageFile {
  readonly name: string;
  readonly code: string;
  /** The key `llmteam`, besides the name. */
  readonly manifest?: object;
  /** Another module, `part.js`. */
  readonly part?: string;
}

/** Packages in a temporary `node_modules`. `use` gets the folder that they are resolved from. */
export async function withPluginPackages(
  packages: readonly PackageFile[],
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-plugins-'));
  try {
    for (const { name, code, manifest = {}, part } of packages) {
      const home = join(folder, 'node_modules', name);
      mkdirSync(home, { recursive: true });
      const llmteam = { kind: 'task', name, api: 1, ...manifest };
      const description = { name, version: '1.0.0', type: 'module', exports: './index.js', llmteam };
      writeFileSync(join(home, 'package.json'), JSON.stringify(description));
      writeFileSync(join(home, 'index.js'), code);
      if (part !== undefined) writeFileSync(join(home, 'part.js'), part);
    }
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
