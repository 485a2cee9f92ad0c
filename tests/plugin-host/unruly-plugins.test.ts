/** Plugins that are well described and misbehave when they are loaded, started or stopped, wherever their code runs. */
import type { Isolation } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';
import { faultOf, told, withUnfitHost } from './support/unfit-host.js';

const everywhere: readonly Isolation[] = ['inline', 'thread', 'process'];
const patience = { timeoutMs: 90_000 };
/** Enough to start a process on a slow machine. */
const deadlineMs = 8_000;
const forEver = 'new Promise(() => undefined)';

function starting(name: string, start: string) {
  return { name, code: `export default plugin('${name}', { start: ${start} });` };
}

spec('unruly plugins', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: what it says of itself is read once`,
      () => {
        const once = `getter({ ...plugin('fickle'), stepTypes: undefined }, 'stepTypes',
          fickle([getter(type('fickle'), 'metadata', fickle(metadata('fickle'), { icon: 10n }))], null))`;
        return withUnfitHost(isolation, [{ name: 'fickle', code: `export default ${once};` }], async (scene) => {
          await scene.load();
          await scene.host.start();
          assert.is(scene.catalog.find('fickle', '1.0.0')?.metadata.icon, 'x');
        });
      },
      patience,
    );

    test(
      `${isolation}: an import that never ends is named`,
      () =>
        withUnfitHost(
          isolation,
          [{ name: 'sleeper', code: `await ${forEver};` }],
          async ({ load }) => {
            assert.match(
              told(await faultOf(load())),
              /^PLUGIN_FAILED: plugin 'sleeper' .*took longer than 8000 ms to load/,
            );
          },
          deadlineMs,
        ),
      patience,
    );

    const starts: readonly [string, string, RegExp][] = [
      ['hangs', `() => ${forEver}`, /^PLUGIN_FAILED: plugin 'hangs' .*took longer than 8000 ms to start/],
      ['throws', '() => refuse()', /^PLUGIN_FAILED: plugin 'throws' could not be started: do not touch/],
      ['rejects', 'async () => { throw poisoned(); }', /^PLUGIN_FAILED: plugin 'rejects' could not be started: /],
      [
        'strays',
        `async () => { setTimeout(refuse, 1); await ${forEver}; }`,
        /^PLUGIN_FAILED: plugin 'strays' could not be started: it threw outside of every promise: do not touch/,
      ],
    ];
    for (const [name, start, says] of starts) {
      test(
        `${isolation}: a start that ${name} is named`,
        () =>
          withUnfitHost(
            isolation,
            [starting(name, start)],
            async ({ load, host }) => {
              await load();
              assert.match(told(await faultOf(host.start())), says);
            },
            deadlineMs,
          ),
        patience,
      );
    }
  }
});

spec('unruly plugins, once they are started', (test) => {
  for (const isolation of everywhere) {
    test(
      `${isolation}: what it throws after its start is logged with its name, and the host goes on`,
      () =>
        withUnfitHost(
          isolation,
          [starting('later', 'async () => { setTimeout(refuse, 300); }')],
          async ({ load, host, logged }) => {
            await load();
            await host.start();
            const isTold = (line: string) => /outside of its handlers/.test(line) && line.includes('"plugin":"later"');
            await until('a line of the log', () => logged.find(isTold));
          },
        ),
      patience,
    );

    test(
      `${isolation}: a stop that hangs leaves time for the others, and is named`,
      () => {
        const stopping = (name: string, stop: string) => ({
          name,
          code: `let log; export default plugin('${name}', { start: async (host) => { log = host.log; }, stop: async () => { ${stop} } });`,
        });
        const packages = [
          stopping('well', "log.info({}, 'well is stopped');"),
          stopping('hanging', `await ${forEver};`),
          stopping('fine', "log.info({}, 'fine is stopped');"),
        ];
        return withUnfitHost(
          isolation,
          packages,
          async ({ load, host, logged }) => {
            await load();
            await host.start();
            await host.stop();
            const text = logged.join('\n');
            for (const name of ['fine', 'well']) assert.match(text, `${name} is stopped`);
            const hung = logged.filter((line) => line.includes('a plugin could not be stopped'));
            assert.is(hung.length, 1, text);
            assert.match(String(hung[0]), /hanging.*took longer than 6400 ms to stop/);
          },
          deadlineMs,
        );
      },
      patience,
    );
  }
});
