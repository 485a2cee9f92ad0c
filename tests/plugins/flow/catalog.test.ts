import type { ControlType } from '@llmteam/contracts';
import plugin, { human_task_type } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { metadata_laws } from '../support/metadata-laws.js';
import { control_types } from './support/scripts.js';

for (const type of control_types)
  spec(`flow: metadata of ${type.metadata.type_id}`, (test) => metadata_laws(test, null, type));

const regions: Record<string, boolean> = { loop: true, map: true, critic_loop: true };

spec('flow: plugin', (test) => {
  test('brings the eleven control types', () => {
    assert.is(plugin.name, 'flow');
    assert.is(plugin.api, 1);
    assert.equal(
      plugin.step_types?.map(({ kind, metadata }) => `${kind} ${metadata.type_id}`),
      [
        'control condition',
        'control switch',
        'control parallel_split',
        'control parallel_join',
        'control loop',
        'control map',
        'control critic_loop',
        'control subworkflow',
        'control delay',
        'control wait_for_signal',
        'control human_task',
      ],
    );
  });

  test('the types with a region have body, done, input and next, and no others do', () => {
    for (const { has_region = false, metadata } of control_types) {
      const ports = [...metadata.input_ports, ...metadata.output_ports].map(({ name }) => name);
      const expected = regions[metadata.type_id] ?? false;
      assert.is(has_region, expected, metadata.type_id);
      for (const name of ['next', 'body', 'done']) assert.is(ports.includes(name), expected, metadata.type_id);
    }
  });

  test('none retries or times out by the engine, and the human one is human', () => {
    for (const { metadata } of control_types) {
      assert.not(metadata.supports_retry);
      assert.not(metadata.supports_timeout);
      assert.is(metadata.category, metadata.type_id === human_task_type.metadata.type_id ? 'human' : 'control');
    }
  });

  test('the examples of a type give ports that differ, none of them twice', () => {
    for (const type of control_types) {
      for (const config of type.metadata.examples) {
        const names = all_outputs(type, config);
        assert.is(new Set(names).size, names.length, type.metadata.type_id);
        assert.ok(names.length > 0, type.metadata.type_id);
      }
    }
  });
});

function all_outputs({ metadata, ports }: ControlType, config: (typeof metadata.examples)[number]): readonly string[] {
  return [...metadata.output_ports.map(({ name }) => name), ...(ports?.(config).output ?? [])];
}
