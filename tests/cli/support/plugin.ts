import type { Cli } from './cli.js';

/** Writes a plugin package into the folder. */
export function writePlugin(write: Cli['write'], name: string, code: string, permissions?: object): void {
  const manifest = { kind: 'task', name, api: 1, ...(permissions && { permissions }) };
  write(`plugins/${name}/package.json`, {
    name,
    version: '2.3.4',
    type: 'module',
    exports: './index.js',
    llmteam: manifest,
  });
  write(`plugins/${name}/index.js`, code);
}

/** A plugin with a step type that counts to ten in a second and tells how far it is. */
export function writeCounting(write: Cli['write']): void {
  writePlugin(
    write,
    'counting',
    `import { setTimeout as sleep } from 'node:timers/promises';
  export default { name: 'counting', api: 1, stepTypes: [{ kind: 'task', metadata: {
    type_id: 'count', display_name: 'Count', description: 'Counts.', category: 'utility', icon: 'x', color: '#000',
    config_schema: { type: 'object', additionalProperties: false }, examples: [{}], permissions: [],
    input_ports: [{ name: 'input', type: 'any', description: 'Anything.', required: false }],
    output_ports: [{ name: 'output', type: 'number', description: 'Ten.', required: true }],
    supports_retry: true, supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' },
  run: async ({ heartbeat }) => {
    for (let done = 1; done <= 10; done += 1) {
      heartbeat({ done, total: 10 });
      await sleep(100);
    }
    return { output: 10 };
  } }] };`,
  );
}

/** The entry of the configuration for it. */
export const countingEntry = './plugins/counting';
