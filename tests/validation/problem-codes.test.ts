/** Every problem code: a segment that has the problem, and the most similar one that does not. */
import { problemCodes } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { graphCases } from './support/graph-cases.js';
import { briefly, problemsOf } from './support/segments.js';
import { testContext } from './support/test-catalog.js';
import { valueCases } from './support/value-cases.js';

const cases = [...graphCases, ...valueCases];

spec('problem codes', (test) => {
  test('every code has a case here', () => {
    const tried = new Set(cases.map(({ code }) => code));
    assert.equal([...tried].sort(), Object.keys(problemCodes).sort());
  });

  for (const { code, about, severity = 'error', path, wrong, right, context } of cases) {
    test(`${code}: ${about} is told, once and at its place`, () => {
      const problems = problemsOf(wrong, testContext(context));
      assert.equal(briefly(problems), [`${severity} ${code} ${path}`], JSON.stringify(problems, null, 1));
    });
    test(`${code}: nothing is told where ${about} is as it should be`, () => {
      assert.equal(problemsOf(right, testContext(context)), []);
    });
  }
});
