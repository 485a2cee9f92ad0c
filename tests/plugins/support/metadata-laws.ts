import { readFile } from 'node:fs/promises';
import {
  configKeywords,
  type JsonObject,
  type SchemaUse,
  StepTypeMetadata,
  schemaKeyword,
  type TaskType,
} from '@llmteam/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Value } from 'typebox/value';
import * as assert from 'uvu/assert';
import type { Test } from '../../support/spec.js';

/** Requirements of the catalog on every task type. `folder` is that of its package. */
export function metadataLaws(test: Test, folder: string | null, { metadata }: Pick<TaskType, 'metadata'>): void {
  const ajv = () =>
    new Ajv2020({
      strict: true,
      allErrors: true,
      allowUnionTypes: true,
      keywords: [...configKeywords],
      formats: { uri: true, 'date-time': true },
    });

  test('the metadata is complete plain JSON of the catalog', () => {
    const plain: unknown = JSON.parse(JSON.stringify({ ...metadata, version: '0.1.0' }));
    assert.equal(Value.Errors(StepTypeMetadata, plain), []);
    assert.match(metadata.color, /^#[0-9a-f]{6}$/);
    assert.is(metadata.docs_url, `docs/contracts/step-catalog.md#${metadata.type_id}`);
  });

  test('every example is a valid config and an unknown key is not', () => {
    const valid = ajv().compile(metadata.config_schema);
    assert.ok(metadata.examples.length > 0);
    for (const example of metadata.examples) {
      assert.ok(valid(example), JSON.stringify(valid.errors));
      assert.not(valid({ ...example, no_such_key: 1 }));
    }
  });

  test('every config key has a description or is an enumeration', () => {
    const { properties } = metadata.config_schema as unknown as {
      properties: Record<string, { description?: string; enum?: [] }>;
    };
    for (const [key, schema] of Object.entries(properties)) assert.ok(schema.description ?? schema.enum, key);
  });

  test('a key that holds a schema tells which keywords it refuses', () => {
    const keys = Object.values(metadata.config_schema.properties ?? {}) as readonly JsonObject[];
    for (const { description = '', [schemaKeyword]: use } of keys) {
      const refused = typeof use === 'object' ? (use as Exclude<SchemaUse, true>).refused : [];
      for (const keyword of refused) assert.ok(String(description).includes(`\`${keyword}\``), keyword);
    }
  });

  if (folder === null) return;
  test('the README tells of every config key', async () => {
    const readme = await readFile(new URL(`../../../../plugins/${folder}/README.md`, import.meta.url), 'utf8');
    const [, section = ''] = readme.split('## Config');
    const table = section.split('\nPorts:')[0] ?? '';
    const told = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key);
    assert.equal(told.sort(), Object.keys(metadata.config_schema.properties ?? {}).sort());
  });
}

/** Whether a config is valid against the schema that the kernel uses. */
export function fitsSchema({ metadata }: Pick<TaskType, 'metadata'>, config: unknown): boolean {
  return new Ajv2020({ strict: false }).compile(metadata.config_schema)(config);
}
