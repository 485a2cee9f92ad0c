import { LlmteamError } from '@llmteam/contracts';

type Exports = Readonly<Record<string, unknown>>;

/**
 * The default export of a module, which may be CommonJS that a compiler made of a default export. What it is is not checked.
 * @throws LlmteamError `PLUGIN_INVALID` if it is no object, with what the module exports instead
 */
export function exportedPlugin(module: object): object {
  const { default: exported } = module as Exports;
  const made = isObject(exported) && exported.__esModule === true ? exported.default : exported;
  if (isObject(made)) return made;
  const names = Object.keys(module).filter((name) => name !== 'default' && name !== 'module.exports');
  const instead =
    names.length === 0 ? 'it exports nothing' : `it exports ${names.map((name) => `'${name}'`).join(', ')}`;
  const found = exported === undefined ? instead : `its default export is a ${typeof exported}`;
  const expected = 'its module must have a plugin as its default export (`export default definePlugin({ … })`)';
  throw new LlmteamError('PLUGIN_INVALID', `${expected}, but ${found}`);
}

function isObject(value: unknown): value is Exports {
  return typeof value === 'object' && value !== null;
}
