import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RootCommand } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { plainText } from '../plain-text.js';
import type { Streams } from '../streams.js';
import { pointToHelp } from '../usage-hints.js';
import { bashCompletion } from './bash-completion.js';
import { type Suggestion, type Suggestions, suggestionsFor } from './completion-values.js';

const fileOptions = ['input', 'output', 'config', 'home'];

/** `completion SHELL` prints the script; the script calls `complete -- WORDS` for suggestions. */
export async function parseWithCompletion(program: Command, args: readonly string[], streams: Streams): Promise<void> {
  if (args.length === 2 && args[0] === 'completion' && args[1] === 'bash') {
    streams.print(bashCompletion);
    return;
  }
  const root = tab(program, { completionCommandName: 'completion' });
  const [, , ...words] = args;
  completeFiles(root, words.at(-1) ?? '');
  completeValues(root, await suggestionsFor(words));
  pointToHelp(program);
  await program.parseAsync(args, { from: 'user' });
}

/** The arguments and options whose values are runs, tasks and step types. */
function completeValues(root: RootCommand, { runs, tasks, types }: Suggestions): void {
  for (const [name, { arguments: taken, options }] of root.commands) {
    const ids = name.startsWith('tasks ') ? tasks : runs;
    const handlers = { id: taken.get('id'), type: taken.get('type'), run: options.get('run') };
    if (handlers.id !== undefined) handlers.id.handler = suggest(ids);
    if (handlers.type !== undefined) handlers.type.handler = suggest(types);
    if (handlers.run !== undefined) handlers.run.handler = suggest(runs);
  }
}

function suggest(suggestions: readonly Suggestion[]): (complete: (value: string, about: string) => void) => void {
  return (complete) => {
    for (const { value, about } of suggestions) complete(value, plainText(about));
  };
}

/** The script disables the shell's own file completion, so files are suggested here. */
function completeFiles(root: RootCommand, word: string): void {
  const files = (complete: (value: string, description: string) => void): void => {
    for (const path of pathsAt(word)) complete(path, '');
  };
  for (const command of [root, ...root.commands.values()]) {
    const argument = command.arguments.get('file');
    if (argument !== undefined) argument.handler = files;
    for (const name of fileOptions) {
      const option = command.options.get(name);
      if (option !== undefined) option.handler = files;
    }
  }
}

/** Paths the word could expand to; folders end in a slash. */
function pathsAt(word: string): string[] {
  const folder = word.endsWith('/') ? word : dirname(word);
  const prefix = folder === '.' && !word.startsWith('./') ? '' : join(folder, '/');
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.map((entry) => `${prefix}${entry.name}${entry.isDirectory() ? '/' : ''}`);
  } catch {
    return [];
  }
}
