import { extname } from 'node:path';
import { jsonNotation, type SegmentNotation } from '@llmteam/kernel';

/** Extensions of segment files, in the order in which files beside a segment are looked for. */
export const segmentExtensions = ['.json', '.jsonc', '.yaml', '.yml'] as const;

/** The code of a text that is not even text. */
export function syntaxErrorOf(file: string): 'JSON_INVALID' | 'YAML_INVALID' {
  return /^\.ya?ml$/i.test(extname(file)) ? 'YAML_INVALID' : 'JSON_INVALID';
}

/** The notation of a file, by its extension; JSON unless that says otherwise. Loaded on demand: most segments are JSON. */
export async function notationOf(file: string): Promise<SegmentNotation> {
  switch (extname(file).toLowerCase()) {
    case '.jsonc':
      return (await import('./jsonc-notation.js')).jsoncNotation;
    case '.yaml':
    case '.yml':
      return (await import('./yaml-notation.js')).yamlNotation;
    default:
      return jsonNotation;
  }
}
