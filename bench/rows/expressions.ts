import { caps, isLlmteamError } from '@llmteam/contracts';
import { createExpressionCompiler } from '@llmteam/kernel';
import { candidates } from '../expressions/candidates.js';
import { input } from '../expressions/inputs.js';
import { spread } from '../measure.js';
import type { Row } from '../row.js';

const allowedMs = 20;
/** Less work says nothing about the price of an operation. */
const leastUnits = 200_000;

interface Measured {
  readonly source: string;
  readonly units: number;
  readonly ms: number;
}

/** How long does the most expensive allowed expression take, and which operation is too cheap for the time it takes? */
export async function expressions(): Promise<Row[]> {
  const compiler = createExpressionCompiler();
  const measured = candidates.flatMap((source) => measure(compiler, source));
  const priced = measured.filter(({ units }) => units >= leastUnits).map((one) => ({ ...one, atLimit: atLimit(one) }));
  priced.sort((a, b) => b.atLimit - a.atLimit);
  for (const { source, units, ms, atLimit: most } of priced.slice(0, 70)) {
    process.stderr.write(`  ${most.toFixed(1)} ms at the limit: ${source} (${ms.toFixed(2)} ms, ${units} units)\n`);
  }
  return [
    row(
      'expression_slowest_ms',
      'the slowest of the allowed expressions',
      measured.map(({ ms }) => ms),
    ),
    row(
      'expression_limit_ms',
      'an expression at its limit, by operation',
      priced.map((one) => one.atLimit),
    ),
  ];
}

function atLimit({ ms, units }: Measured): number {
  return (ms * caps.expression_units) / Math.min(units, caps.expression_units);
}

const repetitions = 5;

/** The fastest of several repetitions, in time of the processor, since others use the machine as well. */
function measure(compiler: ReturnType<typeof createExpressionCompiler>, source: string): Measured[] {
  try {
    const expression = compiler.expression(source);
    let fastest = evaluateOnce(source, expression);
    for (let count = 1; count < repetitions && atLimit(fastest) > allowedMs / 2; count += 1) {
      const again = evaluateOnce(source, expression);
      if (again.ms < fastest.ms) fastest = again;
    }
    return [fastest];
  } catch (thrown) {
    if (isLlmteamError(thrown)) return [];
    throw thrown;
  }
}

type Expression = ReturnType<ReturnType<typeof createExpressionCompiler>['expression']>;

function evaluateOnce(source: string, expression: Expression): Measured {
  const run = { id: 'run', input: null, segment_id: 'segment', tenant_id: 'bench' };
  const variables = { run, input, step: () => undefined, loop: { index: 0, item: 1 } };
  const budget = { left: Number.MAX_SAFE_INTEGER };
  const began = process.cpuUsage();
  try {
    expression.evaluate(variables, budget);
  } catch (thrown) {
    if (!isLlmteamError(thrown)) throw thrown;
  }
  const { user, system } = process.cpuUsage(began);
  return { source, ms: (user + system) / 1_000, units: Number.MAX_SAFE_INTEGER - budget.left };
}

function row(key: string, question: string, values: readonly number[]): Row {
  const measured = spread(values);
  const target = `max ≤ ${allowedMs} ms`;
  return { key, question, unit: 'ms', measured, floor: null, target, isMet: measured.max <= allowedMs };
}
