/** Parses Markdown for the tests of the documents. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../examples/llmteam-process.js';

export interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

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
    blocks.push({ language: fence[1] ?? '', text: lines.slice(line + 1, end).join('\n'), line: line + 1 });
    line = end;
  }
  return blocks;
}

/** The section of a second-level heading, up to the next one. */
export function sectionOf(document: string, heading: string): string {
  const [, section] = document.split(`\n## ${heading}\n`);
  if (section === undefined) throw new Error(`there is no section '${heading}'`);
  return section.split('\n## ')[0] ?? '';
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
