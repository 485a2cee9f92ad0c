import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Instruction, readDockerfile } from './dockerfile.js';
import { filesOf, root, withImageTree } from './image-tree.js';

const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
const image = readDockerfile(text);
const steps = image.stages.flatMap(({ instructions }) => instructions);

/** What a rule of hadolint finds in an instruction; null: nothing. */
type Rule = (one: Instruction) => boolean;

/** Those of hadolint's rules that apply to such a file: https://github.com/hadolint/hadolint#rules. */
const rules: Readonly<Record<string, Rule>> = {
  'DL3000: WORKDIR is absolute': ({ name, text: path }) => name === 'WORKDIR' && !path.startsWith('/'),
  'DL3002, DL3004: nothing asks for root': ({ name, text: what }) =>
    (name === 'USER' && /^(root|0)\b/.test(what)) || (name === 'RUN' && /\bsudo\b/.test(what)),
  'DL3003: WORKDIR, not cd': ({ name, text: what }) => name === 'RUN' && /\bcd \//.test(what),
  'DL3020: COPY, not ADD': ({ name }) => name === 'ADD',
  'DL3025: arguments as JSON': ({ name, text: what }) => /^(CMD|ENTRYPOINT)$/.test(name) && !what.startsWith('['),
  'DL4000, DL4001: nothing unpinned is fetched': ({ name, text: what }) =>
    name === 'MAINTAINER' || /\b(curl|wget|apt-get|npx -y|ADD http)/.test(what),
  'DL4006: no pipes, whose first command may fail unseen': ({ name, text: what }) =>
    name === 'RUN' && /[^|]\|[^|]/.test(what),
};

spec('Dockerfile', (test) => {
  test('is valid, and follows the rules of hadolint', () => {
    assert.equal(
      validate(text).map(({ range, message }) => `${range.start.line + 1}: ${message}`),
      [],
    );
    for (const [rule, isBroken] of Object.entries(rules)) {
      assert.equal(
        steps.filter(isBroken).map(({ name, text: what }) => `${name} ${what}`),
        [],
        rule,
      );
    }
    // DL3006, DL3007: every image has a tag, and none is `latest`.
    for (const [, name = ''] of text.matchAll(/^ARG \w+_IMAGE=(.*)$/gm)) assert.match(name, /:(?!latest)[\w.-]+$/);
  });

  test('makes an image that runs as nobody special and can be asked for its health', () => {
    assert.match(image.user, /^[1-9]\d*:[1-9]\d*$/, 'a number, which Kubernetes knows not to be root');
    assert.is(image.workingDir, '/config');
    assert.equal(image.ports, ['8080']);
    assert.match(image.healthcheck.join(' '), /127\.0\.0\.1:8080\/health/);
    assert.ok(steps.some(({ name, text: what }) => name === 'RUN' && /\bnpm ci$/.test(what)));
  });

  test('has nothing in its last stage that builds', () => {
    const last = image.stages.at(-1);
    assert.is(last?.from, '$' + '{BASE_IMAGE}');
    assert.match(text, /^ARG BASE_IMAGE=gcr\.io\/distroless\//m);
    assert.not.ok(last?.instructions.some(({ name }) => name === 'RUN'));
    assert.equal(
      last?.instructions.filter(({ name }) => name === 'COPY').map(({ text: what }) => what),
      [
        '--from=node /usr/local/bin/node /usr/local/bin/node',
        '--from=build /launcher /usr/local/bin/llmteam',
        '--from=build /image /llmteam',
        `--from=build --chown=${image.user} /state/ /var/lib/llmteam/`,
      ],
    );
  });

  test('copies bundles and what they look for, without sources, types, maps and dependencies', () =>
    withImageTree(async (tree) => {
      const files = filesOf(tree);
      const unwanted = files.filter((path) => /\.(ts|map|tsbuildinfo)$|\/(dist|src)\//.test(path));
      // `llmteam plugin new` writes the sources of a plugin.
      assert.equal(
        unwanted.filter((path) => !path.startsWith('node_modules/llmteam/templates/')),
        [],
      );
      const packages = new Set(files.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]));
      packages.delete(undefined);
      assert.equal(
        [...packages].filter((name) => name !== 'llmteam' && !name?.startsWith('@llmteam/')),
        [],
      );
      assert.ok(files.includes('LICENSE'));
    }));

  test('leaves out of the build what it does not need, and nothing it does', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    const needed = [
      'package.json',
      'package-lock.json',
      'tsconfig.base.json',
      'LICENSE',
      'scripts',
      'contracts',
      'kernel',
      'plugins',
      'services',
      'clients',
    ];
    for (const path of needed) assert.not.ok(ignored.includes(path), path);
    for (const path of ['.git', '**/node_modules', '**/dist', 'tests']) assert.ok(ignored.includes(path), path);
  });
});
