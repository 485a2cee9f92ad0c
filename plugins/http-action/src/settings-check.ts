import { type JsonObject, LlmteamError } from '@llmteam/contracts';
import { Value } from 'typebox/value';
import { HttpActionSettings } from './settings.js';

/** @throws LlmteamError `CONFIG_INVALID` listing every problem */
export function checkedSettings(settings: JsonObject): HttpActionSettings {
  if (Value.Check(HttpActionSettings, settings)) return settings;
  const lines = Value.Errors(HttpActionSettings, settings).map((error) => {
    const place = `settings.http-action${error.instancePath.replaceAll('/', '.')}`;
    if (error.keyword !== 'additionalProperties') return `${place}: ${error.message}`;
    const known = Object.keys(HttpActionSettings.properties).join(', ');
    return `${place}: unknown key ${error.params.additionalProperties.map((key) => `'${key}'`).join(', ')}; known: ${known}`;
  });
  throw new LlmteamError('CONFIG_INVALID', lines.join('\n'));
}
