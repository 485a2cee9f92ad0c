import { LlmteamError, type Logger } from '@llmteam/contracts';
import { knownSecrets, type LogOptions, loadConfig, openLog } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withConfigFile } from './config-files.js';

async function linesOf(options: Partial<LogOptions>, work: (log: Logger) => void): Promise<string[]> {
  const lines: string[] = [];
  const write = (text: string): void => void lines.push(text);
  work(await openLog({ level: 'debug', format: 'json', colours: false, secrets: [], write, ...options }));
  return lines;
}

spec('log lines', (test) => {
  test('are JSON with level, time and every known id, or words for people', async () => {
    const ids = { run_id: 'r-1', step_id: 'write', tenant_id: 'acme' };
    const work = (log: Logger): void => log.child(ids).warn({ pauseMs: 5 }, 'once more');
    const [line = ''] = await linesOf({}, work);
    const { level, time, msg, ...rest } = JSON.parse(line);
    assert.is(level, 'warn');
    assert.match(time, /^\d{4}-\d\d-\d\dT.*Z$/);
    assert.is(msg, 'once more');
    assert.equal({ run_id: rest.run_id, step_id: rest.step_id, tenant_id: rest.tenant_id }, ids);
    const [first = ''] = await linesOf({ format: 'pretty' }, work);
    assert.match(first, /WARN: once more\n.*run_id: "r-1"/s);
  });

  test('in words are one line each but for their fields, and control no terminal', async () => {
    const forged = 'said\n[17:00:00.000] ERROR: forged\r\u2028more \u001b[31m \u009b31m';
    const [line = ''] = await linesOf({ format: 'pretty' }, (log) => log.info({ text: '\u009b31m\u001b[2J' }, forged));
    assert.equal(line.match(/^\[/gm), ['[']);
    assert.match(line, /INFO: said \[17:00:00.000\] ERROR: forged more \ufffd\[31m \ufffd31m\n/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    assert.not.match(line, /[\u001b\u0080-\u009f]/);
  });

  test('in words are printed even if a secret that was taken out was a part of their form', async () => {
    const lines = await linesOf({ format: 'pretty', secrets: ['"msg":"said'] }, (log) =>
      log.info({}, 'said something'),
    );
    assert.match(lines.join(''), /something/);
  });

  test('below the level are not written', async () => {
    assert.is((await linesOf({ level: 'error' }, (log) => log.warn({}, 'no'))).length, 0);
    assert.is((await linesOf({ level: 'silent' }, (log) => log.error({}, 'no'))).length, 0);
  });

  for (const format of ['json', 'pretty'] as const) {
    test(`hold no secret that the configuration names, wherever it stands (${format})`, async () => {
      const secrets = ['hunter22', 'a"quoted\\one', 'töp sécret'];
      const error = new LlmteamError('HTTP_FAILED', 'GET https://x/?key=t%C3%B6p%20s%C3%A9cret', {
        cause: new Error('said hunter22'),
        details: { body: 'a"quoted\\one', nested: JSON.stringify({ text: 'a"quoted\\one' }) },
      });
      const lines = await linesOf({ format, secrets }, (log) => {
        log.error({ err: error, list: ['x hunter22 y'], 'key hunter22': 1 }, 'töp sécret and hunter22');
        log.child({ known: 'hunter22' }).info({}, 'child');
      });
      const text = lines.join('');
      assert.is(lines.length, 2);
      for (const secret of [...secrets, 'a\\"quoted', 't%C3%B6p'])
        assert.not.ok(text.includes(secret), `${secret} in ${text}`);
      assert.ok(text.includes('[redacted]'));
    });
  }

  test('hold nothing that stands under a key of a secret or in headers, at any depth', async () => {
    const [line = ''] = await linesOf({}, (log) =>
      log.info({
        api_key: 'one',
        deep: { list: [{ clientSecret: 'two', password: 'th"ree' }] },
        request: { headers: { accept: 'four{', 'set-cookie': ['five', 'six'] }, url: 'kept' },
        responseHeaders: { a: 'seven' },
        secret_ref: 'kept_too',
        usage: { input_tokens: 12 },
      }),
    );
    const found = JSON.parse(line);
    for (const secret of ['one', 'two', 'th', 'four', 'five', 'six', 'seven'])
      assert.not.ok(line.includes(`"${secret}`), secret);
    assert.equal(found.deep.list[0], { clientSecret: '[redacted]', password: '[redacted]' });
    assert.equal(found.request.headers, { accept: '[redacted]', 'set-cookie': ['[redacted]', '[redacted]'] });
    assert.is(found.request.url, 'kept');
    assert.is(found.secret_ref, 'kept_too');
    assert.equal(found.usage, { input_tokens: 12 });
  });

  test('of a megabyte of quotes and braces are cleaned in linear time', async () => {
    const hostile = `{"headers":{${'"'.repeat(200_000)}${'{"a":"\\'.repeat(100_000)}`;
    // In quadratic time this would take minutes; the timeout of the test is seconds.
    await linesOf({ secrets: ['hunter22'] }, (log) => log.info({ hostile }, '"headers":{"'.repeat(50_000)));
  });

  test('are kept free of the secrets of a configuration: literals, handles, and what follows Bearer', () => {
    const written = {
      nats: { user: 'me', password: 'env:NATS_PASSWORD' },
      clients: { crm: { base_url: 'https://crm.example', headers: { Authorization: 'Bearer abcdefgh1' } } },
      secrets: { key: 'env:KEY', absent: 'env:ABSENT', tiny: 'env:TINY' },
      llms: { one: { provider: 'p', api_key: 'sk-literal', model: 'env:MODEL' } },
    };
    withConfigFile(written, (path) => {
      const environment = { NATS_PASSWORD: 'pass-word', KEY: 'key-value', TINY: 'abc', MODEL: 'gpt-x' };
      const expected = ['Bearer abcdefgh1', 'abc', 'abcdefgh1', 'gpt-x', 'key-value', 'pass-word', 'sk-literal'];
      assert.equal(knownSecrets(loadConfig(path, environment)).sort(), expected);
    });
  });
});
