import type { JsonObject } from '@llmteam/contracts';
import { createHttpAction } from '@llmteam/http-action';
import { createExpressionCompiler, StepCatalog, validateSegment } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';

/** The paths of the problems of a segment whose only step has this config. */
function problemsOf(config: JsonObject): string[] {
  const catalog = new StepCatalog();
  catalog.add(createHttpAction().stepType as never, '0.1.0', 'http-action');
  const segment = {
    segment_id: 'one',
    name: 'One',
    entrypoint: 'call',
    steps: [{ step_id: 'call', type: 'http_action', config }],
  };
  const context = { catalog, compiler: createExpressionCompiler(), refs: {} };
  return validateSegment(segment, context)
    .filter(({ severity }) => severity === 'error')
    .map(({ path }) => path);
}

spec('http_action: mistakes that the segment shows', (test) => {
  for (const url of [
    ...['example.com', 'htp://example.com', 'ftp://example.com/', 'file:///etc/passwd', 'http://', 'https://:80/'],
    ...['https://exa mple.com', 'https://me:pw@example.com/', 'https://example.com:65536/', 'https://example.com:x/'],
    ...['https://example.com/\n', '/contacts', '', '$url'],
  ]) {
    test(`the literal url ${JSON.stringify(url)} is refused when the segment is validated`, () => {
      assert.equal(problemsOf({ url }), ['/steps/0/config/url']);
    });
  }

  for (const url of [
    ...[
      'https://example.com',
      'HTTPS://EXAMPLE.com:443/a b?q=ü#x',
      'http://[2606:4700::1111]:65535/',
      'http://1.1.1.1',
    ],
    ...['https://münchen.example/', 'https://example.com?x=@', 'https://example.com:/'],
    ...['${run.input.url}', 'https://${run.input.host}:99999/', 'https://example.com/${run.input.path}'],
  ]) {
    test(`the url ${JSON.stringify(url)} is not`, () => {
      assert.equal(problemsOf({ url }), []);
    });
  }

  test('so are a path with a query, a header that cannot be sent, and a second kind of body', () => {
    const url = 'https://example.com';
    assert.equal(problemsOf({ url, path: '/a?b=1' }), ['/steps/0/config/path']);
    assert.equal(problemsOf({ url, path: '/a/${run.input.x ? "b" : "c"}' }), []);
    assert.equal(problemsOf({ url, headers: { 'X-A': 'a\r\nb' } }), ['/steps/0/config/headers/X-A']);
    assert.is(problemsOf({ url, headers: { 'X A': 'a' } }).length, 1);
    assert.equal(problemsOf({ url, body: 1, form: {}, text: '' }), ['/steps/0/config/form', '/steps/0/config/text']);
    assert.equal(problemsOf({ url, binary: 'ä' }), ['/steps/0/config/binary']);
  });
});
