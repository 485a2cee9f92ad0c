import { caps } from '@llmteam/contracts';
import { createExpressionCompiler } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { evaluate, refusal } from './support/evaluating.js';

function assertRefused(source: string, problem: string, position: number, message: RegExp): void {
  const error = refusal(source);
  assert.is(error.code, 'SEGMENT_INVALID');
  assert.equal({ ...error.details, expression: '' }, { problem, expression: '', position }, source);
  assert.match(error.message, message);
}

spec('what is refused when an expression is compiled', (test) => {
  test('text that is not CEL is an INVALID_EXPRESSION at the place where it stops making sense', () => {
    const cases: [string, number, RegExp][] = [
      ['1 1', 2, /unexpected character: '1'/],
      ['(1 + 2', 6, /expected '\)', got the end/],
      ['input.', 6, /expected a name/],
      ['"abc', 0, /unterminated string/],
      ['', 0, /it is empty/],
      ['  \n ', 0, /it is empty/],
      ['a ? b', 5, /expected ':'/],
      ['x @ y', 2, /unexpected character/],
      ['18446744073709551616', 0, /64 bits|exact up to 9007199254740991/],
      ['9007199254740992', 0, /exact up to 9007199254740991/],
      ['input.id == -9007199254740993', 12, /exact up to 9007199254740991/],
      ['1u', 0, /unsigned/],
    ];
    for (const [source, position, message] of cases) {
      assertRefused(source, 'INVALID_EXPRESSION', position, message);
    }
  });

  test('the message quotes the text and tells place and reason', () => {
    assert.is(
      refusal('1 + inptu.x').message,
      `expression "1 + inptu.x" is invalid at 4: unknown name 'inptu'; did you mean 'input'?`,
    );
  });

  test('a long text is cut in the message and whole in the details', () => {
    const source = `${'1 + '.repeat(100)}nope`;
    const error = refusal(source);
    assert.ok(error.message.length < 250);
    assert.is(error.details?.expression, source);
  });

  test('a name that does not exist is an UNKNOWN_VARIABLE with its place', () => {
    assertRefused('nope.x', 'UNKNOWN_VARIABLE', 0, /unknown name 'nope'/);
    assertRefused('input.a && stesp.a.output', 'UNKNOWN_VARIABLE', 11, /did you mean 'steps'/);
    assertRefused('input.items.map(item, itme.x)', 'UNKNOWN_VARIABLE', 22, /did you mean 'item'/);
    assertRefused('constructor', 'UNKNOWN_VARIABLE', 0, /unknown name/);
    assertRefused('globalThis.process', 'UNKNOWN_VARIABLE', 0, /unknown name/);
  });

  test('a variable of a comprehension is unknown outside it', () => {
    assertRefused('input.map(x, x) == x', 'UNKNOWN_VARIABLE', 19, /unknown name 'x'/);
    assertRefused('x.map(x, x)', 'UNKNOWN_VARIABLE', 0, /unknown name 'x'/);
  });

  test('a field that run or loop has not got is an UNKNOWN_VARIABLE', () => {
    assertRefused('run.segment', 'UNKNOWN_VARIABLE', 4, /'run' has no field 'segment'/);
    assertRefused('loop.indx', 'UNKNOWN_VARIABLE', 5, /did you mean 'index'/);
    assertRefused('run["step"]', 'UNKNOWN_VARIABLE', 4, /'run' has no field/);
  });

  test('steps must be followed by the id of one, as written', () => {
    for (const source of [
      'steps',
      'steps[input.name]',
      'size(steps)',
      '"a" in steps',
      'steps.map(s, s)',
      'has(steps)',
    ]) {
      const { details, message } = refusal(source);
      assert.is(details?.problem, 'INVALID_EXPRESSION', source);
      assert.match(message, /a step must be named|has\(\) takes/);
    }
    assert.equal(createExpressionCompiler().expression('steps["a"].output').references, [['steps', 'a', 'output']]);
  });

  test('the present moment does not exist', () => {
    assertRefused('now()', 'INVALID_EXPRESSION', 0, /no now\(\)/);
    for (const source of ['timestamp()', 'rand()', 'random()', 'uuid()']) refusal(source);
  });

  test('an unknown function is told with the nearest one, or with how it is called', () => {
    assertRefused('siez(input)', 'INVALID_EXPRESSION', 0, /did you mean 'size'/);
    assertRefused('input.name.startWith("a")', 'INVALID_EXPRESSION', 11, /did you mean 'startsWith'/);
    assertRefused('trim(input.name)', 'INVALID_EXPRESSION', 0, /write x\.trim\(\)/);
    assertRefused('input.n.int()', 'INVALID_EXPRESSION', 8, /write int\(x\)/);
    assertRefused('input.hasOwnProperty("a")', 'INVALID_EXPRESSION', 6, /unknown method/);
    assertRefused('constructor("return 1")', 'INVALID_EXPRESSION', 0, /unknown function/);
  });

  test('a wrong number of arguments is told', () => {
    assertRefused('size()', 'INVALID_EXPRESSION', 0, /size\(\) takes 1 argument, not 0/);
    assertRefused('"a".substring(1, 2, 3)', 'INVALID_EXPRESSION', 4, /takes 1 or 2 arguments, not 3/);
    assertRefused('input.map(x)', 'INVALID_EXPRESSION', 6, /a variable and one or two expressions/);
    assertRefused('input.filter(x, x, x)', 'INVALID_EXPRESSION', 6, /a variable and one expression/);
    assertRefused('has(input.a, input.b)', 'INVALID_EXPRESSION', 0, /has\(\) takes one field/);
  });

  test('kinds that cannot fit are refused wherever data has no say', () => {
    const cases: [string, number][] = [
      ['1 + "a"', 2],
      ['"a" < 1', 4],
      ['1 == "a"', 2],
      ['!1', 1],
      ['-"a"', 0],
      ['input.a && "yes"', 11],
      ['1 ? 2 : 3', 0],
      ['size(1)', 0],
      ['"abc"[0]', 6],
      ['[1]["a"]', 4],
      ['[1].a', 4],
      ['"abc".map(c, c)', 6],
      ['input.filter(x, 1)', 16],
      ['{1: 2}', 1],
      ['(input.a == 1) + 1', 15],
      ['double(input.a) % 2', 16],
      ['input.a.startsWith(1.5)', 8],
    ];
    for (const [source, position] of cases) assertRefused(source, 'INVALID_EXPRESSION', position, /./);
  });

  test('kinds that data decides are left to the evaluation', () => {
    for (const source of [
      'input.a + "a"',
      'input.a == 1',
      '!input.a',
      'input.a ? 1 : "one"',
      'dyn(1) == "a"',
      'null == 1',
    ]) {
      createExpressionCompiler().expression(source);
    }
  });

  test('a text longer than the cap is refused, one of that length is not', () => {
    const padded = (length: number) => `1${' '.repeat(length - 1)}`;
    assert.is(evaluate(padded(caps.expression_characters)), 1);
    assertRefused(
      padded(caps.expression_characters + 1),
      'INVALID_EXPRESSION',
      caps.expression_characters,
      /cap expression_characters/,
    );
  });

  test('nesting deeper than the cap is refused, nesting up to it is not', () => {
    const nested = (levels: number) => `${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}`;
    evaluate(nested(caps.expression_nesting));
    assert.match(refusal(nested(caps.expression_nesting + 1)).message, /cap expression_nesting/);
    for (const deep of ['!'.repeat(4_000), '-'.repeat(4_000), '('.repeat(2_000)]) {
      assert.is(refusal(`${deep}1`).details?.problem, 'INVALID_EXPRESSION');
    }
    assert.match(refusal(`${'1+('.repeat(40)}1${')'.repeat(40)}`).message, /cap expression_nesting/);
  });

  test('a chain of operators is no nesting, and has a bound of its own', () => {
    assert.is(evaluate(`${'1+'.repeat(200)}1`), 201);
    assert.is(evaluate(`${'false || '.repeat(200)}true`), true);
    assert.match(refusal(`${'1+'.repeat(1_000)}1`).message, /chain of operators is longer than 250/);
  });

  test('comprehensions nest two deep and not three', () => {
    assert.equal(evaluate('[1, 2].map(x, [3].map(y, x * y))'), [[3], [6]]);
    assert.equal(evaluate('[1].map(x, x).map(x, x).map(x, x)'), [1]);
    assertRefused('[1].map(x, [1].map(y, [1].map(z, z)))', 'INVALID_EXPRESSION', 26, /nest at most 2 deep/);
  });

  test('list and map literals have at most 200 elements', () => {
    const list = (length: number) => `[${new Array(length).fill('1').join(',')}]`;
    assert.is((evaluate(list(200)) as number[]).length, 200);
    assert.match(refusal(list(201)).message, /list literal has more than 200 elements/);
    const map = (length: number) => `{${Array.from({ length }, (_, index) => `"${index}":1`).join(',')}}`;
    evaluate(map(200));
    assert.match(refusal(map(201)).message, /map literal has more than 200 entries/);
  });

  test('a pattern written as a literal is checked', () => {
    assertRefused('input.matches("(")', 'INVALID_EXPRESSION', 14, /not an RE2 pattern/);
    assertRefused('re(input, "(?=x)")', 'INVALID_EXPRESSION', 10, /not an RE2 pattern/);
    assertRefused('input.matches("(a{1000}){1000}")', 'INVALID_EXPRESSION', 14, /./);
    assertRefused(`input.matches("${'(a?){100}'.repeat(90)}")`, 'INVALID_EXPRESSION', 14, /too large/);
  });

  test('loop is a name although CEL reserves the word, and only as a name', () => {
    assert.is(evaluate('loop.index', { loop: { index: 3, item: null } }), 3);
    assert.is(evaluate('"loop" + input.loop // loop', { input: { loop: '!' } }), 'loop!');
    assert.is(evaluate('{"loop": 1}.loop'), 1);
    assert.is(evaluate("r'loop' + '''loop'''"), 'looploop');
    assert.equal(evaluate('[1].map(loop, loop + 1)'), [2]);
    assertRefused('lo0p.index', 'UNKNOWN_VARIABLE', 0, /unknown name 'lo0p'; did you mean 'loop'/);
    assertRefused('looper', 'UNKNOWN_VARIABLE', 0, /unknown name 'looper'/);
    assertRefused('myloop', 'UNKNOWN_VARIABLE', 0, /unknown name 'myloop'/);
    assertRefused('while', 'INVALID_EXPRESSION', 0, /reserved identifier: while/);
  });

  test('a compiler gives the same object for the same text, and forgets the oldest of many', () => {
    const compiler = createExpressionCompiler();
    const first = compiler.expression('1');
    for (let n = 2; n <= 2_000; n += 1) compiler.expression(String(n));
    assert.is(compiler.expression('1'), first);
    const second = compiler.expression('2');
    for (let n = 2_001; n <= 4_000; n += 1) compiler.expression(String(n));
    assert.is.not(compiler.expression('2'), second);
    assert.is(
      second.evaluate({ run: { id: '', input: null, segment_id: '', tenant_id: '' }, step: () => undefined }),
      2,
    );
  });

  test('two compilers share nothing', () => {
    assert.is.not(createExpressionCompiler().expression('1'), createExpressionCompiler().expression('1'));
  });
});
