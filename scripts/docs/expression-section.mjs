/** The section on expressions: what they may read, and what some of them give, by asking the evaluator. */
import { celKeyword } from '@llmteam/contracts';
import { comprehensionNames, functions, methods } from '../../kernel/dist/expressions/functions.js';
import { code, fence, table } from './markdown.mjs';

const variables = {
  input: {
    name: 'Ada',
    score: 0.75,
    pages: [
      { title: 'A', words: 120 },
      { title: 'B', words: 80 },
    ],
    wanted: 3,
  },
  ports: {},
  run: { id: 'run_1', input: {}, segment_id: 'article_writer', tenant_id: 'default' },
  step: (stepId) => (stepId === 'research' ? { output: 'notes' } : undefined),
  loop: { index: 1, item: 'B' },
};

const samples = [
  'input.score >= 0.7 && size(input.pages) > 1',
  'input.pages.filter(p, p.words > 100).map(p, p.title)',
  'input.pages.exists(p, p.title == "B")',
  'has(steps.review) ? steps.review.output : "not reviewed"',
  '"Dear " + input.name + ", page " + string(loop.index + 1)',
  '{"title": input.pages[0].title, "ok": true}',
  'input.wanted * 1.5',
  'input.name.lowerAscii().matches("^a")',
];

const names = [
  ['`input`', "the value on the step's port `input`; in `output` of the segment: the run's input"],
  ['`ports.<name>`', 'the value on any input port'],
  ['`value`', "in an edge's `condition`: the value on the port"],
  ['`run`', '`run.id`, `run.input`, `run.segment_id`, `run.tenant_id`'],
  [
    '`steps.<id>.<port>`',
    'what a step upstream of this one fired; absent if it was skipped, so ask `has(steps.<id>)` first',
  ],
  ['`loop.index`, `loop.item`', 'inside a region: the iteration, from 0, and its item'],
];

/** @param compiler as the kernel makes it */
export function expressionSection(compiler) {
  const given = Object.entries(variables).filter(([name]) => name === 'input' || name === 'loop');
  const rows = samples.map((source) => [
    code(source),
    code(JSON.stringify(compiler.expression(source).evaluate(variables))),
  ]);
  return [
    '## Expressions',
    `Expressions are [CEL](https://cel.dev): no unbounded loops, no access to the host, no clock. They are used in \`condition\` of an
edge, in \`output\` of the segment, in the strings of a config that the catalog marks \`CEL\` (\`${celKeyword}\` in the schema),
and as \`\${ … }\` in any other string of a config. A string that is one \`\${ … }\` keeps the type of the value.
Expressions are parsed and checked when the segment is loaded; one that fails later is \`EXPRESSION_FAILED\`, never a silent false.`,
    table(['name', 'is'], names),
    `Numbers without a fraction are \`int\`, others \`double\`. Arithmetic that mixes the two gives \`double\`, as JSON cannot tell 1 from
1.0. Given`,
    fence('text', given.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n')),
    table(['expression', 'gives'], rows),
    `Functions: ${list([...functions.keys(), 'has'])}. Methods: ${list([...methods.keys()])}. With a variable of their own:
${list(comprehensionNames)}. Patterns are RE2: no back-references, linear time.`,
  ];
}

function list(words) {
  return [...new Set(words)]
    .sort()
    .map((word) => code(word))
    .join(' ');
}
