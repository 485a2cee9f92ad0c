/** A plugin whose step writes a line per execution, and then does what its config says. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cli } from './cli.js';

const code = `import { appendFileSync, existsSync } from 'node:fs';
const act = {
  exit: () => process.exit(7),
  abort: () => process.abort(),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  hang: () => new Promise(() => undefined),
};
export default { name: 'deadly', api: 1, stepTypes: [{ kind: 'task', metadata: {
    type_id: 'deadly', display_name: 'Deadly', description: 'Ends its process.', category: 'utility', icon: 'x', color: '#000',
    config_schema: { type: 'object', properties: { act: { type: 'string' }, unless: { type: 'string' } } }, examples: [{}], permissions: [],
    input_ports: [{ name: 'input', type: 'any', description: 'Any.', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'Its step.', required: false }],
    supports_retry: true, supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' },
  run: async (context, config) => {
    appendFileSync('executed', context.step_id + '\\n');
    if (config.unless !== undefined && existsSync(config.unless)) return { output: context.step_id };
    await act[config.act]?.();
    return { output: context.step_id };
  } }] };`;

export function writeDeadlyPlugin({ write }: Pick<Cli, 'write'>): void {
  const manifest = { kind: 'task', name: 'deadly', api: 1 };
  write('plugins/deadly/package.json', {
    name: 'deadly',
    version: '1.0.0',
    type: 'module',
    exports: './index.js',
    llmteam: manifest,
  });
  write('plugins/deadly/index.js', code);
  write('llmteam.config.json', { plugins: [{ package: './plugins/deadly', isolation: 'inline' }] });
}

/** The steps executed so far, in order. */
export function executed(folder: string): string[] {
  const file = join(folder, 'executed');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

/** Resolves once so many steps have been executed. */
export async function untilExecuted(folder: string, count: number): Promise<void> {
  while (executed(folder).length < count) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function touch(folder: string, name: string): void {
  appendFileSync(join(folder, name), '');
}
