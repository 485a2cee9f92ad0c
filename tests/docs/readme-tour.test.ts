// timeout: 600
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { type Block, blocksOf, readDocument, sectionOf } from './markdown-file.js';

interface Stop {
  readonly commands: Block;
  /** `…` matches anything; null if the README shows no output. */
  readonly shown: string | null;
}

function tourStops(): Stop[] {
  const blocks = blocksOf(sectionOf(readDocument('README.md'), 'A five-minute tour'));
  return blocks.flatMap((commands, place) => {
    if (commands.language !== 'sh') return [];
    const next = blocks[place + 1];
    return [{ commands, shown: next?.language === 'text' ? next.text : null }];
  });
}

const onPath = 'export PATH="$PWD/node_modules/.bin:$PATH"';

/** A command that the README does not show. */
function command(text: string): Stop {
  return { commands: { language: 'sh', text, line: 0 }, shown: null };
}

/** A built checkout: copies the repository's files and links what is built and installed. */
function withCheckout(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-tour-'));
  try {
    for (const name of ['README.md', 'examples', 'docs'])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    for (const name of ['node_modules', 'clients']) symlinkSync(join(root, name), join(folder, name));
    use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Separates the outputs of two blocks. */
const mark = '=== next stop ===';

/** One shell runs all blocks, like a reader's, and exits at the first command that fails. */
function takeTour(folder: string, stops: readonly Stop[]): { outputs: string[]; code: number | null } {
  const script = ['exec 2>&1', 'set -e', ...stops.flatMap(({ commands }) => [commands.text, `echo '${mark}'`])].join(
    '\n',
  );
  const { LLMTEAM_HOME: _, ...env } = process.env;
  const shell = spawnSync('bash', ['-c', script], { cwd: folder, env: { ...env, NO_COLOR: '1' }, encoding: 'utf8' });
  return { outputs: shell.stdout.split(`${mark}\n`), code: shell.status };
}

function patternOf(shown: string): RegExp {
  const escaped = shown.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('…', '[\\s\\S]*?')}\\n$`);
}

spec('tour of the README', (test) => {
  test(
    'every block runs as it is written, and prints what is shown',
    () => {
      const stops = tourStops();
      assert.ok(stops.length >= 8, `${stops.length} stops`);
      withCheckout((folder) => {
        const { outputs, code } = takeTour(folder, stops);
        assert.is(code, 0, outputs.join(''));
        for (const [place, { commands, shown }] of stops.entries()) {
          const output = outputs[place] ?? '';
          if (shown !== null) assert.match(output, patternOf(shown), `${commands.text}\nprinted\n${output}`);
        }
      });
    },
    { timeoutMs: 240_000 },
  );

  test(
    'it can be taken again in the same folder, beside a server of another folder',
    () => {
      withCheckout((folder) => {
        mkdirSync(join(folder, 'beside'));
        const stops = tourStops();
        const setUp = [
          command(onPath),
          command('top=$PWD; (cd beside && exec llmteam dev --port 0 > log 2>&1) & other=$!'),
        ];
        const ending = command('kill $other && wait $other');
        const { outputs, code } = takeTour(folder, [...setUp, ...stops, command('cd "$top"'), ...stops, ending]);
        assert.is(code, 0, outputs.join(''));
        for (const [place, { commands, shown }] of stops.entries()) {
          const output = outputs[setUp.length + stops.length + 1 + place] ?? '';
          if (shown !== null) assert.match(output, patternOf(shown), `${commands.text}\nprinted\n${output}`);
        }
      });
    },
    { timeoutMs: 240_000 },
  );

  test(
    'a server that cannot start ends the wait for it, and its reason is shown',
    () => {
      const serve = tourStops().filter(({ commands }) => commands.text.includes('llmteam dev'));
      withCheckout((folder) => {
        const { outputs, code } = takeTour(folder, [
          command(onPath),
          command('echo "{" > llmteam.config.json'),
          ...serve,
        ]);
        assert.is.not(code, 0);
        assert.match(outputs.join(''), /error JSON_INVALID/);
      });
    },
    { timeoutMs: 60_000 },
  );

  test('what is shown is compared: another output does not match', () => {
    assert.match('run 17 completed\n', patternOf('run … completed'));
    assert.not.match('run 17 failed\n', patternOf('run … completed'));
    assert.not.match('run 17 completed\nmore\n', patternOf('run … completed'));
  });
});
