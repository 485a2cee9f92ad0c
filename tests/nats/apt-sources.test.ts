import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Source {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

const script = join(import.meta.dirname, '../../../scripts/nats/apt-sources.mjs');
const { readSources, mainArchive, sourcesFor } = (await import(pathToFileURL(script).href)) as {
  readSources(folder: string): readonly Source[];
  mainArchive(sources: readonly Source[]): Source | undefined;
  sourcesFor(suite: string, archive: Source): string;
};

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What apt's folder says, from its files: path → text. */
function sourcesIn(files: Readonly<Record<string, string>>): readonly Source[] {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-apt-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return readSources(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ofLines = (...lines: string[]) => sourcesIn({ 'sources.list': `${lines.join('\n')}\n` });
const ofParagraphs = (text: string) => sourcesIn({ 'sources.list.d/some.sources': text });

/** The archive is the one at this address, in whatever order the sources are. */
function finds(uri: string | undefined, sources: readonly Source[]): void {
  assert.is(mainArchive(sources)?.uri, uri);
  assert.is(mainArchive([...sources].reverse())?.uri, uri);
}

spec('lists of sources', (test) => {
  test('a line is read with its options; comments, sources of code, discs and what is commented out are not', () => {
    const sources = ofLines(
      '# deb http://old.example/debian bookworm main',
      'deb cdrom:[Debian GNU/Linux 12 _Bookworm_ - Official amd64]/ bookworm main',
      'deb-src http://mirror.example/debian bookworm main',
      `deb  [ arch=amd64 signed-by=${keyring} ]  http://mirror.example/debian  bookworm main contrib # ours`,
      'deb http://mirror.example/flat ./',
      '',
    );
    assert.equal(sources, [
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        options: { 'Signed-By': keyring },
      },
      { uri: 'http://mirror.example/flat', suites: ['./'], components: [], options: {} },
    ]);
  });

  test('a paragraph is read with lines that go on, comments between, and several addresses', () => {
    const sources = ofParagraphs(`# the archive
Types: deb deb-src
# a comment
URIs: http://one.example/debian
 http://two.example/debian
suites: bookworm bookworm-updates
Components: main
Signed-By: ${keyring}
`);
    const more = { suites: ['bookworm', 'bookworm-updates'], components: ['main'], options: { 'Signed-By': keyring } };
    assert.equal(sources, [
      { uri: 'http://one.example/debian', ...more },
      { uri: 'http://two.example/debian', ...more },
    ]);
  });

  test('a paragraph that is not enabled, or has only code, says nothing', () => {
    const paragraph = 'URIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n';
    assert.equal(ofParagraphs(`Enabled: no\nTypes: deb\n${paragraph}\nTypes: deb-src\n${paragraph}`), []);
    assert.is(ofParagraphs(`Enabled: yes\nTypes: deb\n${paragraph}`).length, 1);
  });

  test('all lists are read, and no other file', () => {
    const line = (name: string) => `deb http://${name}.example/debian bookworm main\n`;
    const sources = sourcesIn({
      'sources.list': line('a'),
      'sources.list.d/b.list': line('b'),
      'sources.list.d/c.sources': 'Types: deb\nURIs: http://c.example/debian\nSuites: bookworm\nComponents: main\n',
      'sources.list.d/d.list.bak': line('d'),
    });
    assert.equal(
      sources.map(({ uri }) => uri),
      ['a', 'b', 'c'].map((name) => `http://${name}.example/debian`),
    );
    assert.equal(sourcesIn({}), []);
  });
});

spec('the archive of Debian among the sources', (test) => {
  test('is known by its keyring, by its updates, or by its path', () => {
    finds('http://mirror.example/d', ofLines(`deb [signed-by=${keyring}] http://mirror.example/d bookworm main`));
    const updates = ['bookworm', 'bookworm-updates'].map((suite) => `deb http://debian.example/proxy ${suite} main`);
    finds('http://debian.example/proxy', ofLines(...updates));
    finds('http://mirror.example/debian/', ofLines('deb http://mirror.example/debian/ stable main'));
    const snapshot = 'http://snapshot.example/archive/debian/20250520T000000Z';
    finds(snapshot, ofLines(`deb ${snapshot} bookworm main`));
    const list = 'mirror+file:/etc/apt/mirrors/debian.list';
    finds(list, ofParagraphs(`Types: deb\nURIs: ${list}\nSuites: sid\nComponents: main\nSigned-By: ${keyring}\n`));
  });

  test('is not its security updates, its updates alone, or somebody else with packages for Debian', () => {
    finds(
      undefined,
      ofLines(`deb [signed-by=${keyring}] http://mirror.example/debian-security bookworm-security main`),
    );
    finds(undefined, ofLines('deb http://mirror.example/debian bookworm-updates main'));
    finds(undefined, ofLines('deb http://tools.example/linux/debian bookworm stable'));
    finds(undefined, ofLines('deb http://browser.example/chrome/deb stable main'));
    const archive = ['bookworm', 'bookworm-updates'].map((suite) => `deb http://mirror.example/debian ${suite} main`);
    finds('http://mirror.example/debian', ofLines(...archive, 'deb http://tools.example/runner/debian bookworm main'));
  });

  test('is not Ubuntu', () => {
    const sources = ['noble', 'noble-updates'].map(
      (suite) => `deb http://mirror.example/ubuntu ${suite} main universe`,
    );
    finds(undefined, ofLines(...sources));
  });

  test('gives the list of another suite, with what the mirror is trusted by', () => {
    const [archive] = ofLines(
      `deb [signed-by=${keyring} trusted=yes lang=de] http://mirror.example/debian bookworm main`,
    );
    assert.ok(archive);
    assert.is(
      sourcesFor('trixie', archive),
      `Types: deb
URIs: http://mirror.example/debian
Suites: trixie
Components: main
Targets: Packages
Languages: none
Signed-By: ${keyring}
Trusted: yes
`,
    );
  });

  test('keeps a key that stands in the list itself', () => {
    const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n bm90IGEga2V5\n -----END PGP PUBLIC KEY BLOCK-----';
    const paragraph = `Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n ${key}\n`;
    const archive = mainArchive(ofParagraphs(paragraph));
    assert.ok(archive);
    const again = ofParagraphs(sourcesFor('trixie', archive))[0];
    assert.is(again?.options['Signed-By'], archive.options['Signed-By']);
    assert.ok(sourcesFor('trixie', archive).endsWith(`Signed-By: \n ${key}\n`));
  });
});
