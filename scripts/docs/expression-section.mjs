/** The section on expressions. The results of the examples come from the evaluator. */
import { caps, celKeyword } from '@llmteam/contracts';
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
  '"https://example.org/search?q=" + url.encode(input.name + " & co")',
];

const names = [
  ['`input`', "the value on the step's port `input`; in `output` of the segment: the run's input"],
  ['`ports.<name>`', 'the value on the named input port'],
  ['`value`', "in an edge's `condition`: the value on the port"],
  ['`run`', '`run.id`, `run.input`, `run.segment_id`, `run.tenant_id`'],
  [
    '`steps.<id>.<port>`',
    'an output of an upstream step; absent if the step was skipped, so check `has(steps.<id>)` first',
  ],
  ['`loop.index`, `loop.item`', 'inside a region: the iteration (from 0) and its item'],
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
    `Expressions are written in [CEL](https://cel.dev): they always terminate and have no access to the host or the clock. They are used in
the \`condition\` of an edge, in the \`output\` of the segment, in config strings that the catalog marks \`CEL\` (\`${celKeyword}\` in the
schema), and as \`\${ … }\` in any other config string. A string that consists of a single \`\${ … }\` keeps the type of the value.
In text templates (\`x-template\` in the schema), such as the prompts of \`llm_agent\`, \`{name}\` is a field of the step's input, \`{.}\` the whole
input, and \`{input}\` the field of that name or, without one, the whole input. \`{user.name}\` is literal text, of which the validator warns; what
lies deeper is \`\${input.user.name}\`. A template is filled in one pass: nothing that is
filled in is read again. \`$\${\` is a literal \`\${\`, and \`{{\` … \`}}\` are literal braces.
Expressions are parsed and checked when the segment is loaded; one that fails at run time is an \`EXPRESSION_FAILED\` error, never a silent
\`false\`.`,
    table(['name', 'value'], names),
    `Numbers without a fraction are \`int\`, others \`double\`. Arithmetic that mixes the two yields \`double\`, because JSON does not
distinguish 1 from 1.0. An \`int\` is exact up to ±9007199254740991 (2^53 - 1), as in JSON texts: a larger one is an error and never
rounded. Given`,
    fence('text', given.map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n')),
    table(['expression', 'result'], rows),
    `Functions: ${list([...functions.keys(), 'has'])}. Methods: ${list([...methods.keys()])}. Macros:
${list(comprehensionNames)}. Patterns are RE2: no backreferences, linear time.
\`url.encode(text)\` percent-encodes everything but letters, digits and \`-._~\`; \`base64.encode\` takes bytes and \`base64.decode\` gives them,
as in \`string(base64.decode(input.data))\`.`,
    `An evaluation may do ${caps.expression_units.toLocaleString('en')} units of work and ${caps.expression_work.toLocaleString('en')} steps of macros. Work is counted, not timed: characters and
values that are read, compared, made or returned. The units are worst cases of about a nanosecond each, so that no expression takes more than
some 20 ms. That is enough to compare, search or return the largest values once, but not in a loop.`,
  ];
}

function list(words) {
  return [...new Set(words)]
    .sort()
    .map((word) => code(word))
    .join(' ');
}
