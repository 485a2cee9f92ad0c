/**
 * Purpose: the Debian mirror this machine uses, read from apt's own lists of sources, and a list for one other suite of it.
 * Both formats are understood: a line per source (`*.list`, sources.list(5)) and paragraphs (`*.sources`, deb822).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * One address in apt's lists, with what it is to be trusted by.
 * @typedef {{ uri: string, suites: string[], components: string[], options: Record<string, string> }} Source
 */

/** What of a source holds for every suite of the same mirror. In the line format the names are in lower case. */
const keptOptions = ['Signed-By', 'Trusted', 'Check-Valid-Until'];

/** @returns {Source[]} All sources of packages under `folder` (/etc/apt). */
export function readSources(folder) {
  const more = namesIn(join(folder, 'sources.list.d')).map((name) => `sources.list.d/${name}`);
  return ['sources.list', ...more].flatMap((name) => {
    if (name.endsWith('.sources')) return parseParagraphs(textOf(join(folder, name)));
    return name.endsWith('.list') ? parseLines(textOf(join(folder, name))) : [];
  });
}

function namesIn(folder) {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    return unreadable(error, []);
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return unreadable(error, '');
  }
}

/** A list that is not there, or not for this user, says nothing. */
function unreadable(error, nothing) {
  if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(error.code)) return nothing;
  throw error;
}

/** @returns {Source[]} */
function parseLines(text) {
  return text.split('\n').flatMap((line) => {
    const parts = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line.replace(/#.*/, ''));
    if (!parts || parts[2].startsWith('cdrom:')) return [];
    const [, options = '', uri, suite, components] = parts;
    return [{ uri, suites: [suite], components: words(components), options: lineOptions(options) }];
  });
}

function lineOptions(text) {
  const given = new Map(words(text).map((option) => option.split(/=(.*)/, 2)));
  return Object.fromEntries(
    keptOptions.flatMap((name) => (given.has(name.toLowerCase()) ? [[name, given.get(name.toLowerCase())]] : [])),
  );
}

/** @returns {Source[]} */
function parseParagraphs(text) {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap(sourcesOfParagraph);
}

function sourcesOfParagraph(text) {
  const fields = fieldsOf(text);
  const value = (name) => fields.get(name.toLowerCase()) ?? '';
  if (!words(value('Types')).includes('deb') || value('Enabled').trim().toLowerCase() === 'no') return [];
  const options = Object.fromEntries(keptOptions.flatMap((name) => (value(name) ? [[name, value(name)]] : [])));
  const uris = words(value('URIs')).filter((uri) => !uri.startsWith('cdrom:'));
  return uris.map((uri) => ({ uri, suites: words(value('Suites')), components: words(value('Components')), options }));
}

/** Names in lower case; a value keeps the lines it goes on over, since it may be a whole key. */
function fieldsOf(paragraph) {
  const fields = paragraph.split(/\n(?=[^\s])/).flatMap((field) => {
    const parts = /^([^\s:]+):[ \t]*([\s\S]*)$/.exec(field);
    return parts ? [[parts[1].toLowerCase(), parts[2].trimEnd()]] : [];
  });
  return new Map(fields);
}

/**
 * The source that is most likely Debian's own archive, not one of somebody's packages for Debian; the names of mirrors do not tell.
 * @param {Source[]} sources
 * @returns {Source | undefined}
 */
export function mainArchive(sources) {
  const isRelease = ({ suites, components }) => components.includes('main') && suites.some(isPlain);
  const likely = sources
    .filter(isRelease)
    .map((source) => ({ source, signs: signsOfDebian(source, sources) }))
    .filter(({ signs }) => signs > 0)
    .sort((a, b) => b.signs - a.signs);
  return likely[0]?.source;
}

/** `bookworm` or `stable`, not `bookworm-updates` or `./`. */
const isPlain = (suite) => /^[a-z]+$/.test(suite);

function signsOfDebian(source, sources) {
  const { uri, options } = source;
  const updates = source.suites.filter(isPlain).map((suite) => `${suite}-updates`);
  const hasUpdates = sources.some(
    (other) => other.uri === uri && updates.some((suite) => other.suites.includes(suite)),
  );
  const signs = [
    (options['Signed-By'] ?? '').includes('debian-archive-keyring'),
    uri.includes('debian') && hasUpdates,
    /\/debian(\/|$)/.test(uri),
  ];
  return signs.filter(Boolean).length;
}

/** The text of a `.sources` file for one suite of the mirror: packages only, no translations. */
export function sourcesFor(suite, { uri, options }) {
  const fields = { Types: 'deb', URIs: uri, Suites: suite, Components: 'main', Targets: 'Packages', Languages: 'none' };
  const lines = Object.entries({ ...fields, ...options }).map(([name, value]) => `${name}: ${value}`);
  return `${lines.join('\n')}\n`;
}

function words(text) {
  return text.split(/\s+/).filter((word) => word !== '');
}
