/** Plugins that cannot be used, each for one reason, and what a host must say of it. */

export interface Unfit {
  /** Name of package and plugin. */
  readonly name: string;
  /** The module; `good(name)` etc. of the preamble may be used. */
  readonly code: string;
  readonly says: RegExp;
  /** The key `llmteam` of its package.json, besides the name. */
  readonly manifest?: object;
  /** Another module, `part.js`. */
  readonly part?: string;
}

/** Begins every module: a plugin that is well, and what can be done to it. */
export const preamble = `
const port = (name) => ({ name, type: 'any', description: 'Any.', required: false });
const metadata = (type_id, more = {}) => ({ type_id, display_name: 'X', description: 'Does it.', category: 'utility', icon: 'x', color: '#000',
  config_schema: { type: 'object' }, input_ports: [port('input')], output_ports: [port('output')], supports_retry: true,
  supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '', examples: [], ...more });
const type = (type_id, more) => ({ kind: 'task', metadata: metadata(type_id, more), run: async () => ({ output: 1 }) });
const model = (more) => ({ providerId: 'odd', description: 'Odd.', config_schema: {}, create: () => ({}), ...more });
const plugin = (name, more = {}) => ({ name, api: 1, stepTypes: [type(name.replaceAll('-', '_'))], ...more });
const getter = (object, key, get) => Object.defineProperty(object, key, { enumerable: true, get });
const refuse = () => { throw new Error('do not touch'); };
const poisoned = (target = {}) => new Proxy(target, Object.fromEntries(
  ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'].map((trap) => [trap, refuse])));
const cycle = () => { const one = {}; one.self = one; return one; };
const bush = () => { const one = {}; one.left = one; one.right = one; return one; };
/** Another answer whenever it is asked. */
const fickle = (first, then) => { let asked = 0; return () => (asked++ === 0 ? first : then); };
`;

function described(typeId: string, more: string, says: RegExp): Unfit {
  const name = typeId.replaceAll('_', '-');
  return { name, code: `export default plugin('${name}', { stepTypes: [type('${typeId}', ${more})] });`, says };
}

function exported(name: string, more: string, says: RegExp): Unfit {
  return { name, code: `export default plugin('${name}', ${more});`, says };
}

/** Refused at once: not one of them hangs. */
export const unfit: readonly Unfit[] = [
  { name: 'nothing', code: 'export const x = 1;', says: /^PLUGIN_INVALID: .*must have a plugin as its default export/ },
  {
    name: 'text',
    code: "export default 'plugin';",
    says: /^PLUGIN_INVALID: .*must have a plugin as its default export/,
  },
  { name: 'empty', code: 'export default {};', says: /^PLUGIN_INVALID: .*it has no 'name'; it has no 'api'/ },
  { name: 'proxy', code: 'export default poisoned();', says: /^PLUGIN_INVALID: .*cannot be read: do not touch/ },
  {
    name: 'syntax',
    code: 'export default {\n  {;',
    says: /^PLUGIN_FAILED: .*could not be loaded: Unexpected token '\{' in .+index\.js:\d+$/,
  },
  {
    name: 'syntax-of-a-part',
    code: "import './part.js'; export default {};",
    part: '\nconst ;',
    says: /^PLUGIN_FAILED: .*could not be loaded: Unexpected token ';' in .+part\.js:2$/,
  },
  { name: 'throws', code: "throw new Error('bad day');", says: /^PLUGIN_FAILED: .*could not be loaded: .*bad day/ },
  { name: 'throws-proxy', code: 'throw poisoned();', says: /^PLUGIN_FAILED: .*(cannot be read|do not touch)/ },
  {
    name: 'throws-coded',
    code: "throw { [Symbol.for('llmteam.error')]: true, name: 'Odd', code: 10n, message: 'in disguise' };",
    says: /^PLUGIN_FAILED: .*in disguise/,
  },
  {
    name: 'strays',
    code: "setTimeout(refuse, 1); await new Promise((done) => setTimeout(done, 2_000)); export default plugin('strays');",
    says: /^PLUGIN_FAILED: .*threw outside of every promise: do not touch/,
  },
  {
    name: 'rejects',
    code: "void (async () => refuse())(); await new Promise((done) => setTimeout(done, 2_000)); export default plugin('rejects');",
    says: /^PLUGIN_FAILED: .*threw outside of every promise: do not touch/,
  },
  exported(
    'another-name',
    "{ name: 'somebody' }",
    /^PLUGIN_INVALID: .*package\.json is 'another-name', and the name in its code 'somebody'/,
  ),
  exported('no-name', '{ name: Symbol() }', /^PLUGIN_INVALID: .*it has a 'name' that is not a text/),
  exported('another-api', '{ api: 2 }', /^PLUGIN_INCOMPATIBLE: .*its manifest says API 1, its code 2/),
  exported('later-api', '{ api: 1n }', /^PLUGIN_INVALID: .*it has an 'api' that is not a number/),
  { name: 'thenable', code: 'export default { then() {} };', says: /^PLUGIN_INVALID: .*it has no 'name'/ },
  {
    name: 'manifest-api',
    code: refuseToRun(),
    manifest: { api: 99 },
    says: /^PLUGIN_INCOMPATIBLE: .*made for plugin API 99/,
  },
  {
    name: 'manifest-key',
    code: refuseToRun(),
    manifest: { colour: 1 },
    says: /^PLUGIN_INVALID: .*unknown key 'colour'/,
  },
  exported('types-number', '{ stepTypes: 5 }', /^PLUGIN_INVALID: .*'stepTypes' must be a list/),
  exported('types-null', '{ stepTypes: [null] }', /^PLUGIN_INVALID: .*stepTypes\[0\] must have kind/),
  exported('types-proxy', '{ stepTypes: poisoned([]) }', /^PLUGIN_INVALID: .*stepTypes.* cannot be read: do not touch/),
  exported('types-many', '{ stepTypes: new Array(1e9) }', /^PLUGIN_INVALID: .*more than 1000/),
  exported(
    'no-run',
    "{ stepTypes: [{ kind: 'task', metadata: metadata('no_run') }] }",
    /^PLUGIN_INVALID: .*has no 'run'/,
  ),
  exported(
    'run-text',
    "{ stepTypes: [{ ...type('run_text'), run: 'x' }] }",
    /^PLUGIN_INVALID: .*'run' must be a function/,
  ),
  exported(
    'many',
    "{ stepTypes: [{ ...type('many'), concurrency: NaN }] }",
    /^PLUGIN_INVALID: .*stepTypes\[0\].*'concurrency'/,
  ),
  exported('start-text', "{ start: 'x' }", /^PLUGIN_INVALID: .*'start' must be a function/),
  exported(
    'getter',
    "{ stepTypes: [getter(type('getter'), 'metadata', refuse)] }",
    /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata cannot be read: do not touch/,
  ),
  exported(
    'no-metadata',
    "{ stepTypes: [{ kind: 'task', metadata: null, run: async () => ({}) }] }",
    /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata must be an object/,
  ),
  exported(
    'deep-getter',
    "{ stepTypes: [{ ...type('deep'), metadata: getter(metadata('deep'), 'icon', refuse) }] }",
    /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata cannot be read: do not touch/,
  ),
  described('bigint', '{ icon: 10n }', /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata is not JSON: icon is a bigint/),
  described(
    'cyclic',
    '{ config_schema: cycle() }',
    /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata is not JSON: .*nested deeper/,
  ),
  described('bushy', '{ config_schema: bush() }', /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata is not JSON: /),
  described('dated', '{ config_schema: { default: new Date(0) } }', /^PLUGIN_INVALID: .*is not a plain object/),
  described('foreign', '{ widget: 1 }', /^PLUGIN_INVALID: .*'foreign'.*unknown key 'widget'/),
  described(
    'partly',
    '{ description: undefined }',
    /^PLUGIN_INVALID: .*stepTypes\[0\]\.metadata is not JSON: description is undefined/,
  ),
  described('no_category', "{ category: 'nonsense' }", /^PLUGIN_INVALID: .*category/),
  described(
    'no_schema',
    "{ config_schema: { type: 'nonsense' } }",
    /^PLUGIN_INVALID: .*'no_schema': config_schema is not a JSON Schema/,
  ),
  described(
    'async_schema',
    '{ config_schema: { $async: true } }',
    /^PLUGIN_INVALID: .*'async_schema': config_schema is not a JSON Schema: .*\$async/,
  ),
  described(
    'lost_schema',
    "{ config_schema: { $ref: '#/nowhere' } }",
    /^PLUGIN_INVALID: .*config_schema is not a JSON Schema/,
  ),
  described('no_ports', '{ output_ports: {} }', /^PLUGIN_INVALID: .*output_ports/),
  described(
    'odd_port',
    "{ output_ports: [{ ...port('output'), type: 'nonsense' }] }",
    /^PLUGIN_INVALID: .*output_ports/,
  ),
  described(
    'two_ports',
    "{ output_ports: [port('output'), port('output')] }",
    /^PLUGIN_INVALID: .*describes port 'output' twice/,
  ),
  described(
    'port_schema',
    "{ output_ports: [{ ...port('output'), schema: { type: 1 } }] }",
    /^PLUGIN_INVALID: .*the schema of port 'output' is not a JSON Schema/,
  ),
  described(
    'example',
    "{ config_schema: { type: 'object', required: ['a'] }, examples: [{}] }",
    /^PLUGIN_INVALID: .*examples\[0\]/,
  ),
  described('examples', '{ examples: [1] }', /^PLUGIN_INVALID: .*examples/),
  described(
    'permissive',
    "{ permissions: ['secret:other'] }",
    /^PLUGIN_INVALID: .*uses 'secret:other', which the manifest does not declare/,
  ),
  described('permissions', '{ permissions: 5 }', /^PLUGIN_INVALID: .*permissions/),
  exported('type-id', "{ stepTypes: [type('Not An Id')] }", /^PLUGIN_INVALID: .*type_id/),
  exported(
    'twice',
    "{ stepTypes: [type('twice'), type('twice')] }",
    /^PLUGIN_DUPLICATE: plugin 'twice' brings the step type 'twice' twice/,
  ),
  exported(
    'models-twice',
    '{ modelProviders: [model(), model()] }',
    /^PLUGIN_DUPLICATE: plugin 'models-twice' brings the model provider 'odd' twice/,
  ),
  exported(
    'model-getter',
    "{ modelProviders: [getter(model(), 'config_schema', refuse)] }",
    /^PLUGIN_INVALID: .*modelProviders\[0\]\.config_schema cannot be read/,
  ),
  exported(
    'model-id',
    '{ modelProviders: [model({ providerId: 5 })] }',
    /^PLUGIN_INVALID: .*modelProviders\[0\].*'providerId'/,
  ),
  exported(
    'model-schema',
    "{ modelProviders: [model({ config_schema: { type: 'nonsense' } })] }",
    /^PLUGIN_INVALID: .*model provider 'odd': config_schema is not a JSON Schema/,
  ),
  {
    name: 'shadow',
    code: "export default plugin('shadow', { stepTypes: [type('built_in')] });",
    says: /^PLUGIN_DUPLICATE: plugins 'ours' and 'shadow' both bring the step type 'built_in'/,
  },
  {
    name: 'rival',
    code: "export default plugin('rival', { stepTypes: [type('shared')] });",
    says: /^PLUGIN_DUPLICATE: plugins 'rival' and 'other-rival' both bring the step type 'shared'/,
  },
  {
    name: 'other-rival',
    code: "export default plugin('other-rival', { stepTypes: [type('shared')] });",
    says: /^PLUGIN_DUPLICATE: plugins 'rival' and 'other-rival' both bring the step type 'shared'/,
  },
];

function refuseToRun(): string {
  return "globalThis.ran = true; throw new Error('ran');";
}
