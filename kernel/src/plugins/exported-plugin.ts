import { LlmteamError } from '@llmteam/contracts';
import { kindInWords } from '../json/kind-in-words.js';

type Exports = Readonly<Record<string, unknown>>;

/**
 * The default export of a module, which may be CommonJS that a compiler made of a default export. What it is is not checked.
 * @throws LlmteamError `PLUGIN_INVALID` if it is no object, with what the module exports instead
 */
export function exportedPlugin(module: object): object {
  const { default: exported } = module as Exports;
  const made = isCompiled(exported) ? exported.default : exported;
  if (isObject(made)) return made;
  const names = Object.keys(module).filter((name) => name !== 'default' && name !== 'module.exports');
  const instead =
    names.length === 0 ? 'it exports nothing' : `it exports ${names.map((name) => `'${name}'`).join(', ')}`;
  const found = exported === undefined ? instead : `its default export is ${kindInWords(exported)}`;
  const expected = 'its module must have a plugin as its default export (`export default definePlugin({ … })`)';
  throw new LlmteamError('PLUGIN_INVALID', `${expected}, but ${found}`);
}

function isCompiled(exported: unknown): exported is Exports {
  try {
    return isObject(exported) && exported.__esModule === true;
  } catch {
    // Whoever reads it next says what cannot be read.
    return false;
  }
}

function isObject(value: unknown): value is Exports {
  return typeof value === 'object' && value !== null;
}
