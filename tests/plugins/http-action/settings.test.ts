import type { JsonObject } from '@llmteam/contracts';
import plugin, { defaultLimits, HttpActionSettings } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer } from '../support/with-server.js';

const { log } = fakeStepContext().context;
const start = async (settings: JsonObject) => plugin.start?.({ log, settings });

spec('http_action: settings', (test) => {
  test('a wrong value and an unknown key are refused by name', async () => {
    for (const [settings, message] of [
      [{ connect_seconds: 0 }, /settings\.http-action\.connect_seconds: must be > 0/],
      [{ redirects: 'many' }, /settings\.http-action\.redirects: must be integer/],
      [{ timeout_second: 1 }, /settings\.http-action: unknown key 'timeout_second'; known: timeout_seconds, /],
    ] as const) {
      const error = await rejectsWith('CONFIG_INVALID', () => start(settings));
      assert.match(error.message, message);
    }
    const { message } = await rejectsWith('CONFIG_INVALID', () => start({ connect_seconds: 0, redirects: -1 }));
    assert.is(message.split('\n').length, 2);
  });

  test('every limit has a setting with its default', () => {
    const defaults = Object.values(HttpActionSettings.properties).map(
      (schema) => (schema as { default?: number }).default,
    );
    const limits = Object.entries(defaultLimits).map(([name, value]) => (name.endsWith('Ms') ? value / 1_000 : value));
    assert.equal(
      defaults.map((value) => value ?? 0),
      limits,
    );
  });

  test('a started plugin keeps to its settings; started again without any, to the defaults', async () => {
    const [stepType] = plugin.stepTypes ?? [];
    if (stepType?.kind !== 'task') throw new Error('http_action is a task');
    await withHttpServer(
      (_request, response) => void response.end(JSON.stringify('x'.repeat(2_000))),
      async (baseUrl) => {
        const clients = { local: { base_url: baseUrl, headers: {}, allow_private_network: true } };
        const run = () => stepType.run(fakeStepContext({ clients }).context, { client_ref: 'local' }, null);
        await start({ response_bytes: 1_024 });
        assert.match((await rejectsWith('HTTP_RESPONSE_INVALID', run)).message, 'larger than 1024 bytes');
        await start({});
        assert.is((await run()).status, 200);
      },
    );
    await plugin.stop?.(undefined);
  });
});
