import { extname } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';

export type PictureFormat = 'svg' | 'mermaid';

const endings: ReadonlyMap<string, PictureFormat> = new Map([
  ['.svg', 'svg'],
  ['.mmd', 'mermaid'],
  ['.mermaid', 'mermaid'],
]);

/**
 * The wanted format, else the one that the ending of the file stands for, else SVG. A name without an ending takes every format.
 * @throws LlmteamError `USAGE` if the file would not hold what its name says
 */
export function pictureFormat(wanted: PictureFormat | undefined, file: string | undefined): PictureFormat {
  const ending = file === undefined ? '' : extname(file).toLowerCase();
  if (ending === '') return wanted ?? 'svg';
  const named = endings.get(ending);
  if (named === undefined) {
    throw new LlmteamError('USAGE', `--output '${file}': cannot draw '${ending}' files; can write ${writable()}`);
  }
  if (wanted === undefined || wanted === named) return named;
  throw new LlmteamError('USAGE', `--output '${file}' names a file of --format ${named}, not of --format ${wanted}`);
}

function writable(): string {
  return [...endings]
    .map(([ending, format]) => (format === 'svg' ? `${ending} (SVG)` : `${ending} (Mermaid)`))
    .join(', ');
}
