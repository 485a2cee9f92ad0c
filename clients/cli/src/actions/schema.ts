import type { StepTypeMetadata } from '@llmteam/contracts';
import { loadPlugins } from '@llmteam/service-host';
import { configHere } from '../configuration.js';
import { editorSchemaText } from '../editor-schema-text.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { checkWritable, writeText } from '../files.js';
import { makeLog } from '../log.js';
import type { Settings } from '../settings.js';

export async function schema(
  settings: Settings,
  _args: readonly string[],
  { out }: { readonly out?: string },
): Promise<ExitCode> {
  checkWritable(out);
  const text = editorSchemaText(await availableTypes(settings));
  if (out === undefined) settings.streams.print(text);
  else writeText(out, text);
  return exitCodes.completed;
}

async function availableTypes(settings: Settings): Promise<readonly StepTypeMetadata[]> {
  if (settings.gateway !== null) {
    const { typesAtGateway } = await import('../remote/gateway-catalog.js');
    return typesAtGateway(settings, settings.gateway);
  }
  const config = configHere(settings);
  const { catalog } = await loadPlugins(config, await makeLog(settings, config));
  return catalog.list();
}
