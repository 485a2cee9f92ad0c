import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { codeOf, packageFolders, readDocument } from './markdown-file.js';

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'examples/README.md',
  'deploy/README.md',
  ...packageFolders.map((folder) => `${folder}/README.md`),
  'docs/README.md',
  ...readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`),
  'docs/commands-at-a-gateway.md',
  'docs/config.md',
  'docs/errors.md',
  ...readdirSync(join(root, 'docs/contracts'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/contracts/${name}`),
  ...readdirSync(join(root, 'docs/adr')).map((name) => `docs/adr/${name}`),
];

/** Extracts `runs show "$id" --json` from `llmteam runs show "$id" --json | head`. */
function callsOf(document: string): string[][] {
  const calls = codeOf(document).matchAll(/(?<![\w/@.-])llmteam(?:\.js)? ([^\n|;&>`()]+)/g);
  return [...calls]
    .map(([, words = '']) => words.trim().split(/\s+/))
    .filter(([first = '']) => /^[a-z]|^-/.test(first));
}

/** The help of commands, cached. */
class Help {
  private readonly known = new Map<string, string>();

  of(command: readonly string[]): string {
    const key = command.join(' ');
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const executable = join(root, 'clients/cli/bin/llmteam.js');
    const { stdout } = spawnSync(process.execPath, [executable, ...command, '--help'], { encoding: 'utf8' });
    this.known.set(key, stdout);
    return stdout;
  }

  hasCommand(command: readonly string[], name: string): boolean {
    return new RegExp(`^  ${name}[ |]`, 'm').test(this.of(command).split('Commands:')[1] ?? '');
  }

  hasOption(command: readonly string[], option: string): boolean {
    return new RegExp(`(^|[ ,])${option}([ ,]|$)`, 'm').test(this.of(command));
  }
}

/** The words of a call that the command line does not know. */
function unknownWords(call: readonly string[], help: Help): string[] {
  const command: string[] = [];
  for (const word of call) {
    if (!help.hasCommand(command, word)) break;
    command.push(word);
  }
  const [next] = call.slice(command.length);
  const hasCommands = help.of(command).includes('Commands:');
  if (hasCommands && next !== undefined && /^[a-z]/.test(next)) return [next];
  const options = call.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split('=')[0] ?? word);
  return options.filter((option) => !help.hasOption(command, option));
}

spec('commands in documents', (test) => {
  test(
    'every command and option that a document names is known to the command line',
    () => {
      const help = new Help();
      const faults = documents.flatMap((path) =>
        callsOf(readDocument(path)).flatMap((call) =>
          unknownWords(call, help).map((word) => `${path}: 'llmteam ${call.join(' ')}': unknown '${word}'`),
        ),
      );
      assert.is(faults.join('\n'), '');
    },
    { timeoutMs: 120_000 },
  );

  test(
    'a command and an option that do not exist are found',
    () => {
      const help = new Help();
      assert.equal(callsOf('```sh\nllmteam run x.json --inptu y | cat\n```\nand `llmteam runs shwo ID`'), [
        ['run', 'x.json', '--inptu', 'y'],
        ['runs', 'shwo', 'ID'],
      ]);
      assert.equal(unknownWords(['runs', 'shwo', 'ID'], help), ['shwo']);
      assert.equal(unknownWords(['run', 'x.json', '--inptu', 'y'], help), ['--inptu']);
      assert.equal(unknownWords(['run', 'x.json', '-i', 'y', '--json', '-q'], help), []);
    },
    { timeoutMs: 60_000 },
  );
});
