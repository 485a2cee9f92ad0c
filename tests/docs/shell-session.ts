/** Runs the shell commands of a document as a reader would: in order, in one shell, in a checkout that is built. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { linkModules } from '../support/linked-modules.js';
import { type Block, blocksOf } from './markdown-file.js';

export interface Stop {
  readonly commands: Block;
  /** `…` matches anything; null if the document shows no output. */
  readonly shown: string | null;
}

/** The `sh` blocks of a document, without those after a comment `<!-- not run: reason -->`. */
export function stopsOf(document: string): Stop[] {
  const blocks = blocksOf(document);
  return blocks.flatMap((commands, place) => {
    if (commands.language !== 'sh' || commands.note.startsWith('not run: ')) return [];
    const next = blocks[place + 1];
    return [{ commands, shown: next?.language === 'text' ? next.text : null }];
  });
}

/** A command that the document does not show. */
export function command(text: string): Stop {
  return { commands: { language: 'sh', text, line: 0, note: '' }, shown: null };
}

/** What a reader has done who installed the command line. */
export const onPath = command('export PATH="$PWD/node_modules/.bin:$PATH"');

/** A built checkout: copies the repository's files and links what is built and installed. */
export function withCheckout(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-tour-'));
  try {
    for (const name of ['README.md', 'examples', 'docs'])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    linkModules(folder);
    symlinkSync(join(root, 'clients'), join(folder, 'clients'));
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Separates the outputs of two blocks. */
const mark = '=== next stop ===';

/** What still runs when a command fails is ended, or the shell would not be over. */
const opening = ['exec 2>&1', 'set -e', "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT"];

/** One shell runs all blocks, like a reader's, and exits at the first command that fails. */
export function runStops(folder: string, stops: readonly Stop[]): { outputs: string[]; code: number | null } {
  const script = [...opening, ...stops.flatMap(({ commands }) => [commands.text, `echo '${mark}'`])].join('\n');
  const { LLMTEAM_HOME: _, ...env } = process.env;
  const shell = spawnSync('bash', ['-c', script], { cwd: folder, env: { ...env, NO_COLOR: '1' }, encoding: 'utf8' });
  return { outputs: shell.stdout.split(`${mark}\n`), code: shell.status };
}

export function checkOutputs(stops: readonly Stop[], outputs: readonly string[]): void {
  for (const [place, { commands, shown }] of stops.entries()) {
    const output = outputs[place] ?? '';
    if (shown !== null) assert.match(output, patternOf(shown), `${commands.text}\nprinted\n${output}`);
  }
}

export function patternOf(shown: string): RegExp {
  const escaped = shown.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[\\s\\S]*?')}\\n$`);
}
