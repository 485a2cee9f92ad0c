import { openapiDocument, routes } from '@llmteam/gateway';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withGateway } from './support/with-gateway.js';

async function faultsOf(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  return problems.map(({ severity, ruleId, message, location }) => {
    return `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ''}`;
  });
}

spec('the OpenAPI document', (test) => {
  // The linter loads many modules: on a busy machine that takes longer than most tests may.
  test(
    'has no fault that a public linter finds',
    async () => {
      const document = openapiDocument(routes, '1.0.0');
      const errors = (await faultsOf(document)).filter((fault) => fault.startsWith('error'));
      assert.equal(errors, []);
    },
    { timeoutMs: 60_000 },
  );

  test('would be found at fault without the answers of its operations', async () => {
    const document = openapiDocument(routes, '1.0.0') as { paths: Record<string, { get?: { responses: unknown } }> };
    const [path = ''] = Object.keys(document.paths);
    const operation = document.paths[path]?.get;
    if (operation !== undefined) operation.responses = {};
    assert.ok((await faultsOf(document)).length > 0);
  });

  test('names every operation once and lists an answer for every code', () => {
    const names = routes.map(({ operation }) => operation);
    assert.is(new Set(names).size, names.length);
    assert.ok(names.length > 20);
  });

  test('is what the gateway serves, and its page loads nothing from elsewhere', async () => {
    await withGateway(async ({ stranger, runtime }) => {
      const served = await stranger.get('/api/v1/openapi.json');
      assert.equal(served.json, JSON.parse(JSON.stringify(openapiDocument(routes, '0.0.0', runtime.catalog.list()))));
      const page = await stranger.get('/api/docs');
      const links = [...page.text.matchAll(/(?:src|href|spec-url)="([^"]*)"/g)].map(([, link]) => link);
      assert.equal(links, ['/api/docs/page.css', '/api/docs/rapidoc.js', '/api/v1/openapi.json']);
      for (const link of links) assert.is((await stranger.get(String(link))).status, 200);
      assert.match(String(page.headers['content-security-policy']), /script-src 'self';/);
      assert.not.match(page.text, /<script(?![^>]*src=)/);
    });
  });
});
