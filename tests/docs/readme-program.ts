/** The TypeScript of a README is one program, which prints what the README shows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../examples/llmteam-process.js';
import { blocksOf } from './markdown-file.js';
import { javaScriptOf } from './typescript-example.js';

export interface ReadmeProgram {
  /** All `ts` blocks, those that are only compiled included. */
  readonly text: string;
  /** Those that run; null if none does. */
  readonly running: string | null;
  /** What it prints. */
  readonly shown: string;
}

/** null if the document has no TypeScript. */
export function programOf(document: string): ReadmeProgram | null {
  const blocks = blocksOf(document);
  const all = blocks.filter(({ language }) => language === 'ts');
  if (all.length === 0) return null;
  const running = all.filter(({ note }) => !note.startsWith('compiled only: '));
  const shown = blocks.filter((block, place) => {
    const before = blocks[place - 1];
    return block.language === 'text' && before !== undefined && running.includes(before);
  });
  return {
    text: joined(all),
    running: running.length === 0 ? null : joined(running),
    shown: joined(shown),
  };
}

function joined(blocks: readonly { text: string }[]): string {
  return blocks.map(({ text }) => text).join('\n');
}

export interface Finished {
  readonly code: number | null;
  readonly printed: string;
}

/** Compiles and runs a program in a new folder with the packages of this checkout. */
export function runProgram(text: string, env: Readonly<Record<string, string>> = {}): Finished {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-readme-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'example.mjs'), javaScriptOf(text));
    const done = spawnSync(process.execPath, ['example.mjs'], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', ...env },
      encoding: 'utf8',
    });
    return { code: done.status, printed: done.stdout + done.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
