import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { LlmteamError } from '@llmteam/contracts';
import { loadConfig, loadPlugins } from '@llmteam/service-host';
import { editorSchemaText } from '../editor-schema-text.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { refuseOverwriting, writeAll } from '../new-files.js';
import { printNote } from '../notes.js';
import {
  editorSchemaFile,
  type InitProvider,
  initProviders,
  type ProjectFile,
  projectFiles,
  providers,
  segmentFile,
} from '../project-template.js';
import type { Settings } from '../settings.js';
import { shellWord } from '../shell-word.js';

interface Options {
  readonly provider?: InitProvider;
  readonly model?: string;
}

export async function init(
  settings: Settings,
  [folder = '']: readonly string[],
  { provider: given, model }: Options,
): Promise<ExitCode> {
  refuseOverwriting(folder, [...projectFiles(given ?? 'offline'), { name: editorSchemaFile, text: '' }]);
  const provider = given ?? (await askProvider(settings));
  if (model !== undefined && providers[provider].model === null) {
    throw new LlmteamError('USAGE', `--model does not apply to --provider ${provider}, which has no models`);
  }
  const files = [...projectFiles(provider, model), await schemaForEditors(settings)];
  writeAll(folder, files);
  settings.streams.print(files.map(({ name }) => `${join(folder, name)}\n`).join(''));
  const run = `cd ${shellWord(folder)} && llmteam run ${segmentFile} -i input.json`;
  const first =
    providers[provider].preparation === null ? '' : ` ${join(folder, 'README.md')} says what the model needs.`;
  printNote(settings, `Created.${first} To run it: ${run}`);
  return exitCodes.completed;
}

/** The new folder has a configuration of its own, without further plugins. */
async function schemaForEditors({ environment }: Settings): Promise<ProjectFile> {
  const { catalog } = await loadPlugins(loadConfig(null, environment.variables), silentLog);
  return { name: editorSchemaFile, text: editorSchemaText(catalog.list()) };
}

/** @throws LlmteamError `USAGE` if nobody can be asked, or nobody answers */
async function askProvider({ streams }: Settings): Promise<InitProvider> {
  const list = initProviders.map((name, place) => `  ${place + 1}  ${name.padEnd(10)} ${providers[name].about}`);
  if (!process.stdin.isTTY || !streams.stderrIsTerminal) {
    throw new LlmteamError('USAGE', `--provider is required without a terminal: ${initProviders.join(', ')}`);
  }
  streams.note(list.join('\n'));
  const reader = createInterface({ input: process.stdin, output: streams.stderr });
  const interrupted = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
  try {
    for (;;) {
      const answer = await Promise.race([
        reader.question('provider, by number or name (Enter = offline): '),
        interrupted,
      ]);
      if (answer === null) throw new LlmteamError('USAGE', 'no provider was chosen; nothing was written');
      const reply = answer.trim() || 'offline';
      const chosen = initProviders.find((name, place) => name === reply || String(place + 1) === reply);
      if (chosen !== undefined) return chosen;
      streams.note(`'${reply}' is none of them`);
    }
  } finally {
    reader.close();
  }
}
