import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LlmteamError, toErrorInfo } from '@llmteam/contracts';
import type { PluginPackage } from './plugin-manifest.js';

const longestMs = 10_000;

/**
 * What is wrong with the syntax of a plugin that could not be loaded, with file and line, which `import` does not tell; null if it is
 * something else. Node parses the file in a process of its own, and executes nothing of it.
 */
export async function syntaxFault({ specifier, entry }: PluginPackage, thrown: unknown): Promise<LlmteamError | null> {
  if (toErrorInfo(thrown, 'PLUGIN_FAILED').error_code !== 'PLUGIN_FAILED') return null;
  const told = await parse(fileURLToPath(entry));
  const [, place] = /^(?:file:\/\/)?(.+:\d+)\n/.exec(told) ?? [];
  const [, message] = /^SyntaxError: (.+)$/m.exec(told) ?? [];
  if (place === undefined || message === undefined) return null;
  const text = `plugin '${specifier}' could not be loaded: ${message} in ${place}`;
  return new LlmteamError('PLUGIN_FAILED', text, { cause: thrown });
}

function parse(file: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', file], { env: {}, timeout: longestMs }, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
  });
}
