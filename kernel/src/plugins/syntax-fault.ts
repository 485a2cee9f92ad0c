import { execFile } from 'node:child_process';
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LlmteamError, toErrorInfo } from '@llmteam/contracts';
import type { PluginPackage } from './plugin-manifest.js';

const longestMs = 10_000;
/** Its own, the entry first; each takes a process. */
const mostModules = 30;

/**
 * What is wrong with the syntax of a plugin that could not be loaded, with file and line, which `import` does not tell; null if it is
 * something else. Node parses the modules in processes of their own, and executes nothing of them.
 */
export async function syntaxFault(
  { specifier, folder, entry }: PluginPackage,
  thrown: unknown,
): Promise<LlmteamError | null> {
  const { error_code, error_message } = toErrorInfo(thrown, 'PLUGIN_FAILED');
  if (error_code !== 'PLUGIN_FAILED') return null;
  let left = mostModules;
  for (const module of modulesOf(folder, fileURLToPath(entry))) {
    if (left-- === 0) break;
    const fault = await faultIn(module);
    // Another module may be wrong on purpose: a template.
    if (fault === null || !error_message.includes(fault.message)) continue;
    const text = `plugin '${specifier}' could not be loaded: ${fault.message} in ${fault.place}`;
    return new LlmteamError('PLUGIN_FAILED', text, { cause: thrown });
  }
  return null;
}

/** The entry first. */
function* modulesOf(folder: string, main: string): Generator<string> {
  yield main;
  for (const path of modulesIn(folder)) if (path !== main) yield path;
}

function* modulesIn(folder: string): Generator<string> {
  for (const found of entriesOf(folder)) {
    const path = join(folder, found.name);
    if (found.isDirectory() && found.name !== 'node_modules') yield* modulesIn(path);
    else if (found.isFile() && /\.[cm]?js$/.test(found.name)) yield path;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function faultIn(file: string): Promise<{ readonly message: string; readonly place: string } | null> {
  const told = await new Promise<string>((resolve) => {
    execFile(process.execPath, ['--check', file], { env: {}, timeout: longestMs }, (_error, _stdout, stderr) =>
      resolve(stderr),
    );
  });
  const [, place] = /^(?:file:\/\/)?(.+:\d+)\n/.exec(told) ?? [];
  const [, message] = /^SyntaxError: (.+)$/m.exec(told) ?? [];
  return place === undefined || message === undefined ? null : { message, place };
}
