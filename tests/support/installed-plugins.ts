/** Plugin packages in a temporary `node_modules`, installed under names of their own as npm aliases are. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Installed {
  /** The folder in `node_modules`: what the configuration names. */
  readonly alias: string;
  /** Default: the alias. */
  readonly packageName?: string;
  /** The name in the manifest. */
  readonly name: string;
  readonly version: string;
  readonly types?: readonly string[];
  /** What the manifest declares. */
  readonly permissions?: object;
  readonly providers?: readonly string[];
  /** Further members of the plugin, as code. */
  readonly members?: string;
  /** The body of `run` of its types, as code. */
  readonly run?: string;
  /** The config schema of its types. */
  readonly configSchema?: object;
}

export function withInstalled<T>(packages: readonly Installed[], use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-installed-'));
  for (const one of packages) install(folder, one);
  return use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

export function install(folder: string, one: Installed): void {
  const { alias, packageName = alias, name, version, permissions } = one;
  const home = join(folder, 'node_modules', alias);
  mkdirSync(home, { recursive: true });
  const llmteam = { kind: 'task', name, api: 1, ...(permissions && { permissions }) };
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ name: packageName, version, type: 'module', exports: './index.js', llmteam }),
  );
  writeFileSync(join(home, 'index.js'), codeOf(one));
}

function codeOf({ name, types = [], providers = [], members = '', ...one }: Installed): string {
  const listed = types.map((typeId) => typeCode(typeId, one));
  const models = providers.map((id) => `{ providerId: '${id}', description: '', config_schema: {}, create() {} }`);
  return `export default { name: '${name}', api: 1, stepTypes: [${listed}], modelProviders: [${models}], ${members} };`;
}

function typeCode(
  typeId: string,
  {
    run = 'return { output: null };',
    configSchema = { type: 'object' },
    version,
  }: Pick<Installed, 'run' | 'configSchema' | 'version'>,
): string {
  const port = (name: string) => ({ name, type: 'any', description: 'Any value.', required: false });
  const metadata = {
    type_id: typeId,
    display_name: typeId,
    description: `In version ${version}.`,
    category: 'utility',
    icon: 'x',
    color: '#000000',
    config_schema: configSchema,
    input_ports: [port('input')],
    output_ports: [port('output')],
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    is_async: false,
    docs_url: '',
    examples: [],
    permissions: [],
  };
  return `{ kind: 'task', metadata: ${JSON.stringify(metadata)}, run: async (context, config, input) => { ${run} } }`;
}
