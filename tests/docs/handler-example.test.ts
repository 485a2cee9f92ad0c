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

/** The members in the table of `StepContext` on the contract page. */
function contextMembers(): string[] {
  const [, section = ''] = readDocument('docs/contracts/runtime-context.md').split('\n## StepContext\n');
  const [table = ''] = section.split('\n#');
  return [...table.matchAll(/^\| `(\w+)/gm)].map(([, name = '']) => name);
}

spec('docs/guides/use-the-context.md', (test) => {
  const guide = readDocument('docs/guides/use-the-context.md');
  const code = blocksOf(guide)
    .filter(({ language }) => language === 'ts')
    .map(({ text }) => text)
    .join('\n');

  test('names every member of the context in a line, and uses it in an example', () => {
    const members = contextMembers();
    assert.ok(members.length > 20, members.join());
    for (const name of members) {
      assert.match(guide, new RegExp(`^\\|[^|]*\`${name}[\`(]`, 'm'), name);
      assert.match(code, new RegExp(`\\b${name}\\b`), name);
    }
  });
});

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
