import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { blocksOf, readDocument } from './markdown-file.js';
import { faultsOf } from './typescript-example.js';

const timeoutMs = 120_000;

function example(): string {
  const [block] = blocksOf(readDocument('docs/contracts/runtime-context.md')).filter(
    ({ language }) => language === 'ts',
  );
  return block?.text ?? '';
}

spec('the handler in docs/contracts/runtime-context.md', (test) => {
  test('compiles', () => assert.equal(faultsOf(example()), []), { timeoutMs });

  test(
    'does not compile with a member that the context has not got',
    () => {
      const wrong = example().replace('context.memo(', 'context.remember(');
      assert.match(faultsOf(wrong).join('\n'), "Property 'remember' does not exist");
    },
    { timeoutMs },
  );
});
