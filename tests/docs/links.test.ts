import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';
import { proseOf, readDocument } from './markdown-file.js';

/** Folders with our own Markdown; at the root only the files, not the subfolders. */
const folders = ['docs', 'examples', 'deploy', 'contracts', 'kernel', 'plugins', 'clients', 'services'];
const skipped = new Set(['node_modules', 'dist', 'bundle']);

function documents(): string[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...atRoot, ...folders.flatMap((folder) => [...documentsIn(folder)])];
}

function* documentsIn(folder: string): Iterable<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory() && !skipped.has(entry.name)) yield* documentsIn(path);
    else if (entry.name.endsWith('.md')) yield path;
  }
}

/** `[…](target)`, `![…](target)` and `src="target"`. */
function linksOf(document: string): string[] {
  const prose = proseOf(document);
  const found = [...prose.matchAll(/\]\(([^)\s]+)\)/g), ...prose.matchAll(/<(?:img|a)[^>]*\s(?:src|href)="([^"]+)"/g)];
  return found.map(([, target = '']) => target);
}

/** What is wrong with a link, or null. External URLs are not checked. */
function faultOf(path: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return link.startsWith('https://') ? null : 'is neither a path nor https';
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? join(root, path) : join(root, dirname(path), target);
  if (!existsSync(file)) return `leads to ${relative(root, file)}, which is not there`;
  if (anchor === undefined || statSync(file).isDirectory()) return null;
  const known = anchorsOf(readDocument(relative(root, file)));
  return known.has(anchor) ? null : `names the heading #${anchor}, which ${relative(root, file)} has not got`;
}

/** Anchors as GitHub generates them from headings. */
function anchorsOf(document: string): Set<string> {
  const headings = document.split('\n').flatMap((line) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
  const words = headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, ''));
  return new Set(words.map((heading) => heading.replaceAll(' ', '-')));
}

spec('links', (test) => {
  test('every link in a document leads to a file, and to a heading of it', () => {
    const faults = documents().flatMap((path) =>
      linksOf(readDocument(path)).flatMap((link) => {
        const fault = faultOf(path, link);
        return fault === null ? [] : [`${path}: '${link}' ${fault}`];
      }),
    );
    assert.is(faults.join('\n'), '');
  });

  test('links are found: in prose, of pictures, and not in code', () => {
    const document =
      'See [one](a.md#b), ![two](c.svg) and <img width="9" src="d.svg">; `[three](x)`\n```sh\n[four](y)\n```\n';
    assert.equal(linksOf(document), ['a.md#b', 'c.svg', 'd.svg']);
  });

  test('a link to nowhere is a fault', () => {
    assert.match(faultOf('README.md', 'docs/nowhere.md') ?? '', /not there/);
    assert.match(faultOf('README.md', 'docs/errors.md#nowhere') ?? '', /#nowhere/);
    assert.is(faultOf('README.md', 'docs/errors.md#errorinfo'), null);
  });
});
