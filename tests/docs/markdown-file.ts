/** Parses Markdown for the tests of the documents. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../examples/llmteam-process.js';

export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** The text of an HTML comment on the line before; '' if there is none. */
  readonly note: string;
}

/** The folders of the packages of the workspace, which all have a README. */
export const packageFolders: readonly string[] = [
  'contracts',
  'kernel',
  ...['plugins', 'services', 'clients'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  ),
];

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Fenced blocks in order. */
export function blocksOf(document: string): Block[] {
  const lines = document.split('\n');
  const blocks: Block[] = [];
  for (let line = 0; line < lines.length; line++) {
    const fence = /^```(\w+)$/.exec(lines[line] ?? '');
    if (fence === null) continue;
    const end = lines.indexOf('```', line + 1);
    const [, note = ''] = /^<!-- (.*) -->$/.exec(lines[line - 1] ?? '') ?? [];
    blocks.push({ language: fence[1] ?? '', text: lines.slice(line + 1, end).join('\n'), line: line + 1, note });
    line = end;
  }
  return blocks;
}

/** The text without fenced blocks and inline code. */
export function proseOf(document: string): string {
  return document.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/(`+)[^`].*?\1/g, '');
}

/** The shell commands and inline code of a document, one piece per line. */
export function codeOf(document: string): string {
  const commands = blocksOf(document).filter(({ language }) => language === 'sh');
  const prose = document.replaceAll(/^```[\s\S]*?^```$/gm, '');
  const inline = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...commands.map(({ text }) => text), ...inline].join('\n');
}
