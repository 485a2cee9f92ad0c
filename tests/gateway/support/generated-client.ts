/** A client's types, generated from the document, and what the compiler says about a program that uses them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import generate, { astToString, type OpenAPI3 } from 'openapi-typescript';
import ts from 'typescript';

/** Returns the errors of the compiler. `api.ts` has the generated types. */
export async function compileAgainst(document: object, program: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-generated-'));
  try {
    // Fields with a default may be left out of requests.
    const nodes = await generate(document as OpenAPI3, { defaultNonNullable: false });
    writeFileSync(join(folder, 'api.ts'), astToString(nodes));
    const main = join(folder, 'main.ts');
    writeFileSync(main, program);
    const compiled = ts.createProgram([main], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      types: [],
      lib: ['lib.es2022.d.ts'],
    });
    return ts
      .getPreEmitDiagnostics(compiled)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds a segment with typed configs, starts a run of it, and handles every way in which that may be refused. */
export const sampleProgram = `
import type { components, operations } from './api';

type Schemas = components['schemas'];
type StartRun = operations['start_run'];
type Refusal = StartRun['responses'][404 | 409 | 422 | 429]['content']['application/problem+json'];

const research: Schemas['LlmAgentStep'] = {
  step_id: 'research',
  type: 'llm_agent',
  config: { llm_ref: 'main', temperature: 0.2, output_format: 'json', output_schema: { type: 'object' } },
};
const ask: Schemas['HumanTaskStep'] = {
  step_id: 'ask',
  type: 'human_task',
  config: { task_type: 'approval', title: 'Publish?' },
};
const own: Schemas['Step'] = { step_id: 'own', type: 'acme_ocr@^2.1', config: { pages: [1, 2], deep: { any: true } } };

export const segment: Schemas['Segment'] = {
  segment_id: 'article',
  name: 'Article',
  entrypoint: 'research',
  steps: [research, ask, own],
  edges: [{ from: 'research', to: 'ask' }],
  input_schema: { type: 'object', required: ['topic'] },
  metadata: { team: 'content', labels: ['a', 'b'] },
};

export const body: NonNullable<StartRun['requestBody']>['content']['application/json'] = {
  input_data: { topic: 'tea' },
  correlation_id: 'order-17',
};
export const headers: NonNullable<StartRun['parameters']['header']> = { 'Idempotency-Key': 'order-17', 'X-Request-Id': 'a' };

export function afterStart(answer: StartRun['responses'][202]): { run: string; location: string; request: string; left: string } {
  const { Location, 'X-Request-Id': request, RateLimit = '' } = answer.headers;
  return { run: answer.content['application/json'].run_id, location: Location ?? '', request, left: RateLimit };
}

export function retryAfter(answer: StartRun['responses'][429]): number {
  return answer.headers['Retry-After'] ?? 1;
}

export function advice({ code, problems = [] }: Refusal): string {
  switch (code) {
    case 'SEGMENT_UNKNOWN':
      return 'store the segment first';
    case 'IDEMPOTENCY_CONFLICT':
      return 'take another key';
    case 'INPUT_INVALID':
      return problems.map(({ path, message }) => path + ': ' + message).join();
    case 'RATE_LIMITED':
      return 'try again later';
    default: {
      const never: never = code;
      return never;
    }
  }
}

export function outputOf(run: Schemas['RunView'], event: Schemas['RunEvent']): unknown[] {
  const details: { [key: string]: unknown } | undefined = run.error?.details;
  return [run.output, run.input, event.payload['output'], details?.['reason']];
}
`;
