import type { Json } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer } from '../support/with-server.js';
import { withAction } from './with-action.js';

async function read(text: string, largeNumbers?: 'refuse' | 'string'): Promise<Json | undefined> {
  const values: (Json | undefined)[] = [];
  await withHttpServer(
    (_request, response) => void response.end(text),
    (baseUrl) =>
      withAction({}, async ({ call }) => {
        const config = { client_ref: 'local', ...(largeNumbers && { large_numbers: largeNumbers }) };
        values.push((await call({ config, base_url: baseUrl })).response);
      }),
  );
  return values[0];
}

spec('http_action: numbers beyond 2^53', (test) => {
  for (const number of [
    ...['9007199254740993', '-9007199254740993', '18446744073709551616', '12345678901234567890'],
    ...['9007199254740993.0', '9.007199254740993e15', '9007199254740993E0', '123456789012345678.9'],
  ]) {
    test(`${number} is refused, with its place and the way out, or a string`, async () => {
      const text = `{"a":[1,{"b/c":${number}}]}`;
      const { message } = await rejectsWith('HTTP_RESPONSE_INVALID', () => read(text));
      assert.match(message, `'/a/1/b~1c' is the number ${number}, which would be rounded`);
      assert.match(message, '`large_numbers: "string"`');
      assert.equal(await read(text, 'string'), { a: [1, { 'b/c': number }] });
      assert.match((await rejectsWith('HTTP_RESPONSE_INVALID', () => read(number))).message, 'the value is the number');
    });
  }

  for (const number of [
    ...['9007199254740991', '9007199254740992', '9007199254740994', '-9007199254740992', '1e22', '1.5e300', '0', '-0'],
    ...['100000000000000000000', '9007199254740992.000', '1.7976931348623157e308', '0.30000000000000004'],
    ...['3.14159265358979323846', '0.00012345678901234567890', '1234567890123456789e-10'],
  ]) {
    test(`${number} is a number`, async () => {
      assert.equal(await read(`[${number}]`), [JSON.parse(number)]);
      assert.equal(await read(`[${number}]`, 'string'), [JSON.parse(number)]);
    });
  }

  test('digits in strings and keys are no numbers', async () => {
    const value = { '9007199254740993': 'x 9007199254740993', '\\"9007199254740993': ['9007199254740993"', '\\'] };
    assert.equal(await read(JSON.stringify(value)), value);
  });

  test('of equal keys the last counts, also next to a large number', async () => {
    const text = '{"a":9007199254740993,"a":1,"id":9007199254740993}';
    assert.equal(await read(text, 'string'), { a: 1, id: '9007199254740993' });
    assert.match((await rejectsWith('HTTP_RESPONSE_INVALID', () => read(text))).message, "'/id' is");
    assert.equal(await read('{"a":9007199254740993,"a":1}'), { a: 1 });
  });

  test('what is not JSON does not become JSON', async () => {
    for (const text of ['{9007199254740993:1}', '09007199254740993', '[1 9007199254740993]', '9007199254740993abc']) {
      for (const large of ['refuse', 'string'] as const) {
        const { message } = await rejectsWith('HTTP_RESPONSE_INVALID', () => read(text, large));
        assert.match(message, 'not JSON');
      }
    }
  });

  test('a number that no double reaches is refused either way', async () => {
    for (const large of ['refuse', 'string'] as const) {
      await rejectsWith('HTTP_RESPONSE_INVALID', () => read('[1e999]', large));
    }
  });

  test('long texts are no burden', async () => {
    const text = JSON.stringify(['\\"'.repeat(100_000), '1'.repeat(500_000)]);
    const started = performance.now();
    assert.equal(await read(`{"a":9007199254740993,"b":${text}}`, 'string'), {
      a: '9007199254740993',
      b: JSON.parse(text) as Json,
    });
    assert.ok(performance.now() - started < 5_000);
  });
});
