import { createExpressionCompiler, validateSegment } from '@llmteam/kernel';
import { drawSvg } from 'llmteam';
import type { BenchRuntime } from '../bench-runtime.js';
import { repeat, type Spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain, fanOut } from '../segments.js';

/** How long does it take to validate a huge segment, to draw a wide one and to evaluate an expression next to a large input? */
export async function largeInputs({ catalog }: BenchRuntime): Promise<Row[]> {
  const context = { catalog, compiler: createExpressionCompiler() };
  const valid = chain(10_000);
  const wrong = {
    ...valid,
    steps: valid.steps.map((step) => ({ ...step, type: 'nope', config: { text: '${steps.x +}' } })),
  };
  const wide = fanOut(150);
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ index, text: 'x'.repeat(40) }));
  const expression = context.compiler.expression('input.score > 0.8');
  const run = { id: 'run', input: null, segment_id: 'segment', tenant_id: 'bench' };
  const variables = { run, input: { rows, score: 0.9 }, step: () => undefined };
  const evaluations = (): void => {
    for (let count = 0; count < 10_000; count++) expression.evaluate(variables);
  };
  return [
    row(
      'validate_10000_ms',
      'validate a chain of 10,000 steps',
      1_000,
      await times(() => validateSegment(valid, context)),
    ),
    row(
      'refuse_10000_ms',
      'validate 10,000 steps that are all wrong',
      2_000,
      await times(() => validateSegment(wrong, context)),
    ),
    row('draw_152_ms', 'draw a fan-out of 150 and join', 1_000, await times(() => drawSvg(wide))),
    row('evaluate_10000_ms', '10,000 evaluations beside a list of 20,000', 100, await times(evaluations)),
  ];
}

function times(work: () => unknown): Promise<Spread> {
  return repeat(5, () => timeMs(work));
}

function row(key: string, question: string, mostMs: number, measured: Spread): Row {
  const target = `p50 ≤ ${mostMs.toLocaleString('en')} ms`;
  return { key, question, unit: 'ms', measured, floor: null, target, isMet: measured.median <= mostMs };
}
