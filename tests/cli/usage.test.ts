// takes: 15
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withCli } from './support/cli.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

/** Arguments and what the error message must contain. */
const wrong: readonly (readonly [string, RegExp])[] = [
  ['rum doubling.json', /unknown command 'rum'\n\(Did you mean run\?\)/],
  ['run', /missing required argument 'file'/],
  ['run doubling.json --jsn', /unknown option '--jsn'\n\(Did you mean --json\?\)/],
  ['run doubling.json other.json', /too many arguments/],
  [
    'run doubling.json -t soon',
    /'-t, --timeout <seconds>' argument 'soon' is invalid\. Expected a number of seconds above 0/,
  ],
  ['run doubling.json -t 0', /above 0/],
  ['run doubling.json -i a.json -j {}', /cannot be used with option/],
  ['run doubling.json --tenant ../etc', /letters, digits, dots, dashes and underscores/],
  ['run doubling.json --log-level loud', /Allowed choices are debug, info, warn, error, silent/],
  ['run - -i -', /FILE and --input cannot both read stdin/],
  ['runs', /Usage: llmteam runs/],
  ['runs show ../../etc/passwd', /letters, digits, dots, dashes and underscores/],
  ['runs list --limit 0', /whole number from 1 to 1000/],
  ['runs list --status done', /Allowed choices are/],
  ['runs list --since yesterday', /Expected a time such as/],
  ['runs list --metadata customer', /Expected name=value/],
  ['run doubling.json --metadata =1', /Expected name=value/],
  ['audit verify --expect-head abc', /64 hexadecimal digits/],
  ['runs list --cursor nonsense', /--cursor is not a cursor printed by 'list'/],
  ['runs fork some-run', /required option '--from-step <step>' not specified/],
  ['runs fork some-run --from-step a --input-overrides [1]', /must be an object of port values/],
  ['tasks answer a:b', /an answer is required: --approve, --reject/],
  ['tasks answer a:b --approve --reject', /cannot be used with option/],
  ['catalog nonsense', /there is no step type 'nonsense'; available: .*transform/],
  ['catalog transfrm', /there is no step type 'transfrm', did you mean 'transform'\?/],
  ['catalog transfrm@0.1', /did you mean 'transform'\?/],
  ['catalog llm', /did you mean 'llm_agent'\?/],
  ['graph doubling.json --format png', /Allowed choices are svg, mermaid/],
  ['graph doubling.json -o x.png', /cannot draw '\.png' files; can write \.svg \(SVG\), \.mmd \(Mermaid\)/],
  ['graph doubling.json -o x.mmd --format svg', /names a file of --format mermaid, not of --format svg/],
  ['serve', /Usage: llmteam serve/],
  ['serve gatway', /unknown command 'gatway'/],
  ['serve coordinator --print-cfg', /unknown option '--print-cfg'\n\(Did you mean --print-config\?\)/],
  ['serve worker transform', /too many arguments/],
  ['dead-letters --jsn', /unknown option '--jsn'/],
  ['doctor --jsn', /unknown option '--jsn'\n\(Did you mean --json\?\)/],
  ['completion tcsh', /Allowed choices are zsh, bash, fish, powershell/],
];

/** Arguments and the command whose help explains them. */
const pointers: readonly (readonly [string, string])[] = [
  ['rum doubling.json', 'llmteam'],
  ['run', 'llmteam run'],
  ['runs shw', 'llmteam runs'],
  ['runs show', 'llmteam runs show'],
  ['runs list --limit 0', 'llmteam runs list'],
  ['serve worker transform', 'llmteam serve worker'],
  ['completion tcsh', 'llmteam completion'],
];

spec('wrong usage of llmteam', (test) => {
  for (const [line, expected] of wrong) {
    test(
      `'${line}' ends with 2 and says what is wrong`,
      () =>
        withCli(async ({ write, call }) => {
          write('doubling.json', doubling);
          const ended = await call(line.split(' '));
          assert.is(ended.code, 2, ended.stderr);
          assert.is(ended.stdout, '');
          assert.match(ended.stderr, expected);
          assert.not.match(ended.stderr, /\n\s+at /, 'no stack trace');
        }),
      patience,
    );
  }

  for (const [line, command] of pointers) {
    test(
      `'${line}' points to the help of '${command}'`,
      () =>
        withCli(async ({ call }) => {
          const { stderr } = await call(line.split(' '));
          const [, named] = /\(run '(.*) --help' for (?:commands|arguments) and options\)\n$/.exec(stderr) ?? [];
          assert.is(named, command, stderr);
        }),
      patience,
    );
  }

  test(
    'nothing at all shows the help and ends with 2, --help with 0',
    () =>
      withCli(async ({ call }) => {
        const nothing = await call([]);
        assert.is(nothing.code, 2);
        assert.match(nothing.stderr, /^Usage: llmteam/);
        const help = await call(['--help']);
        assert.is(help.code, 0);
        assert.match(help.stdout, /^Usage: llmteam[\s\S]*run \[options\] <file>/);
        assert.is(help.stderr, '');
      }),
    patience,
  );
});
