/** Checks every response against the OpenAPI document: status, media type, body. */

import { openapiDocument, pathMatcher, routes } from '@llmteam/gateway';
import { addFormats } from '@llmteam/kernel';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

export interface CheckedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const document = openapiDocument(routes, '0.0.0') as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

/** Responses to requests without an operation: unknown paths and methods. */
const anywhere = new Set([400, 404, 405, 408, 417, 421, 431, 503]);

export class AnswerChecker {
  /** Ids of the operations that succeeded. */
  readonly exercised = new Set<string>();
  private readonly ajv: Ajv2020;
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly operations = Object.entries(document.paths).map(([path, methods]) => ({
    path,
    match: pathMatcher(path),
    methods,
  }));

  constructor() {
    this.ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));
    this.ajv.addSchema(document, 'openapi');
  }

  /** @throws Error if the document does not allow the response */
  check(method: string, target: string, answer: CheckedAnswer): void {
    const [path = ''] = target.split('?', 1);
    const place = `${method} ${target} answered ${answer.status}`;
    if (answer.headers['x-request-id'] === undefined) throw new Error(`${place} without a request id`);
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    const having = this.operations.filter(({ methods }) => methods[name] !== undefined);
    // A fixed path wins over one with a parameter, as in the router.
    const found = having.find((one) => one.path === path) ?? having.find(({ match }) => match(path) !== null);
    const operation = found?.methods[name];
    if (operation === undefined) {
      if (method === 'HEAD' && answer.text === '') return;
      if (!anywhere.has(answer.status)) throw new Error(`${place}, but there is no such operation`);
      this.checkSchema(place, '#/components/schemas/ProblemDetails', answer.text);
      return;
    }
    this.checkOperation(place, found?.path ?? '', method, operation, answer);
  }

  private checkOperation(
    place: string,
    path: string,
    method: string,
    operation: Operation,
    { status, headers, text }: CheckedAnswer,
  ): void {
    const rule = operation.responses[String(status)];
    if (rule === undefined) throw new Error(`${place}, which the document does not list: ${text.slice(0, 500)}`);
    if (status < 400) this.exercised.add(operation.operationId);
    if (method === 'HEAD') return;
    const type = String(headers['content-type'] ?? '').split(';')[0] ?? '';
    if (rule.content === undefined) {
      if (text !== '') throw new Error(`${place} with a body where there should be none: ${text.slice(0, 200)}`);
      return;
    }
    if (rule.content[type] === undefined) throw new Error(`${place} as '${type}', which the document does not list`);
    if (!type.endsWith('json')) return;
    const steps = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
    this.checkSchema(place, `#/${steps.map(escaped).join('/')}`, text);
  }

  private checkSchema(place: string, pointer: string, text: string): void {
    const known = this.validators.get(pointer);
    const validate = known ?? this.ajv.compile({ $ref: `openapi${pointer}` });
    this.validators.set(pointer, validate);
    if (validate(JSON.parse(text))) return;
    throw new Error(`${place}: ${this.ajv.errorsText(validate.errors)}\n${text.slice(0, 1_000)}`);
  }
}

function escaped(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}
