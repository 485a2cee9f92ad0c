import { LlmteamError, toErrorInfo } from '@llmteam/contracts';

/** What a plugin threw, or the host about it, as an error that names the plugin. Total: a plugin may throw anything. */
export function asPluginError(name: string, what: string, thrown: unknown): LlmteamError {
  const { error_code, error_message } = toErrorInfo(thrown, 'PLUGIN_FAILED');
  if (isFromHost(thrown) && error_message.includes(`'${name}'`)) return thrown;
  return new LlmteamError(error_code, `plugin '${name}' ${what}: ${error_message}`, { cause: thrown });
}

/** A proxy may refuse to be asked. */
function isFromHost(thrown: unknown): thrown is LlmteamError {
  try {
    return thrown instanceof LlmteamError;
  } catch {
    return false;
  }
}

export function tooLate(name: string, ms: number, what: string): never {
  throw new LlmteamError('PLUGIN_FAILED', `plugin '${name}' took longer than ${ms} ms to ${what}`);
}
