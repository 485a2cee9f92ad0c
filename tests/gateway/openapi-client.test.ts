import { errorCodes, type StepTypeMetadata } from '@llmteam/contracts';
import { builtInTypes, codesOf, openapiDocument, routes } from '@llmteam/gateway';
import { addFormats } from '@llmteam/kernel';
import { loadPlugins } from '@llmteam/service-host';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { compileAgainst, sampleProgram } from './support/generated-client.js';

type Json = { readonly [key: string]: unknown };
interface Media {
  readonly schema: Json & { readonly allOf?: readonly Json[] };
  readonly example?: unknown;
}
interface Response {
  readonly headers?: Readonly<Record<string, Json>>;
  readonly content?: Readonly<Record<string, Media>>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Json[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

async function builtIn(): Promise<StepTypeMetadata[]> {
  const config = { file: {}, path: null, folder: process.cwd(), environment: {}, unknownVariables: [] };
  const { catalog } = await loadPlugins(config, quietLogger);
  return [...catalog.list()];
}

async function readDocument(): Promise<Document> {
  return JSON.parse(JSON.stringify(openapiDocument(routes, '1.0.0', await builtIn())));
}

function operationsOf({ paths }: Document): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods));
}

/** Every media type of an operation, with its place. */
function mediaOf({ operationId, requestBody, responses }: Operation): [place: string, media: Media][] {
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, media]) => [`request ${type}`, media] as const);
  const answers = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([type, media]) => [`${status} ${type}`, media] as const),
  );
  return [...bodies, ...answers].map(([place, media]) => [`${operationId} ${place}`, media]);
}

const deadline = { timeoutMs: 120_000 };

spec('the OpenAPI document for generated clients', (test) => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(await readDocument());
    assert.ok(valid, JSON.stringify(errors));
    assert.is(validator.version, '3.1');
    const { info: _, ...broken } = await readDocument();
    assert.not((await new Validator().validate(broken)).valid);
  });

  test(
    'compiles to types with which a program builds a segment, starts a run and handles every refusal',
    async () => assert.equal(await compileAgainst(await readDocument(), sampleProgram), []),
    deadline,
  );

  test(
    'compiles to types that refuse a wrong config, a missing code and a key of no type',
    async () => {
      const wrong = sampleProgram
        .replace('temperature: 0.2', "temperature: 'hot'")
        .replace("task_type: 'approval'", "task_type: 'guess'")
        .replace("case 'RATE_LIMITED':", "case 'NO_SUCH_CODE':");
      const errors = await compileAgainst(await readDocument(), wrong);
      for (const word of ["'string' is not assignable to type 'number'", '"guess"', '"NO_SUCH_CODE"', "'never'"]) {
        assert.ok(
          errors.some((error) => error.includes(word)),
          `${word} in ${errors.join('\n')}`,
        );
      }
    },
    deadline,
  );

  test('has a schema of the config and of the step for every type that comes with LLMTeam, and for no other', async () => {
    const types = await builtIn();
    assert.equal(types.map(({ type_id }) => type_id).sort(), [...builtInTypes].sort());
    const [known] = types;
    assert.ok(known);
    const { components } = openapiDocument(routes, '1.0.0', [
      ...types,
      { ...known, type_id: 'acme_ocr' },
    ]) as never as Document;
    assert.ok('HttpActionConfig' in components.schemas && 'HttpActionStep' in components.schemas);
    assert.not.ok(Object.keys(components.schemas).some((name) => name.startsWith('Acme')));
  });

  test('says of every object which keys it has, or that it has any', async () => {
    const closed: string[] = [];
    const visit = (value: unknown, place: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { type } = value as { type?: unknown };
      const isShaped = ['properties', 'patternProperties', 'additionalProperties'].some((key) => key in value);
      if (type === 'object' && !isShaped) closed.push(place);
      for (const [key, inner] of Object.entries(value)) if (!key.startsWith('example')) visit(inner, `${place}/${key}`);
    };
    visit(await readDocument(), '');
    assert.equal(closed, []);
  });

  test('lists exactly the codes of each response', async () => {
    const document = await readDocument();
    for (const route of routes) {
      const operation = operationsOf(document).find(({ operationId }) => operationId === route.operation);
      const listed = Object.entries(operation?.responses ?? {}).flatMap(([status, { content }]) => {
        const [, { properties } = {}] = content?.['application/problem+json']?.schema.allOf ?? [];
        const codes = (properties as { code?: { enum: string[] } } | undefined)?.code?.enum ?? [];
        for (const code of codes) assert.is(String(errorCodes[code as keyof typeof errorCodes].http), status, code);
        return codes;
      });
      assert.equal(listed.sort(), [...codesOf(route)].sort(), route.operation);
    }
  });

  test('names the headers of every request and response', async () => {
    for (const { operationId, parameters, responses } of operationsOf(await readDocument())) {
      assert.ok(
        parameters.some(({ $ref }) => $ref === '#/components/parameters/RequestId'),
        operationId,
      );
      for (const [status, { headers = {} }] of Object.entries(responses)) {
        const place = `${operationId} ${status}`;
        assert.ok('X-Request-Id' in headers, place);
        assert.is('Retry-After' in headers, status === '429' || status === '503', place);
        assert.is('WWW-Authenticate' in headers, status === '401', place);
      }
    }
  });

  test(
    'has an example for every named body, and each fits its schema',
    async () => {
      const document = await readDocument();
      const ajv = addFormats(new Ajv2020({ allErrors: true, strict: false }));
      ajv.addSchema(document, 'openapi');
      for (const [place, { schema, example }] of operationsOf(document).flatMap(mediaOf)) {
        const isNamed = typeof schema.$ref === 'string' || schema.allOf !== undefined;
        assert.is(example !== undefined, isNamed, place);
        if (example === undefined) continue;
        const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'));
        assert.ok(ajv.validate(absolute, example), `${place}: ${ajv.errorsText()}`);
      }
    },
    deadline,
  );
});
