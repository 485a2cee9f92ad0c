import type { ControlType } from '@llmteam/contracts';
import plugin, { humanTaskType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { metadataLaws } from '../support/metadata-laws.js';
import { controlTypes } from './support/scripts.js';

for (const type of controlTypes)
  spec(`flow: metadata of ${type.metadata.type_id}`, (test) => metadataLaws(test, null, type));

const regions: Record<string, boolean> = { loop: true, map: true, critic_loop: true };

spec('flow: plugin', (test) => {
  test('brings the eleven control types', () => {
    assert.is(plugin.name, 'flow');
    assert.is(plugin.api, 1);
    assert.equal(
      plugin.stepTypes?.map(({ kind, metadata }) => `${kind} ${metadata.type_id}`),
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
    for (const { hasRegion = false, metadata } of controlTypes) {
      const ports = [...metadata.input_ports, ...metadata.output_ports].map(({ name }) => name);
      const expected = regions[metadata.type_id] ?? false;
      assert.is(hasRegion, expected, metadata.type_id);
      for (const name of ['next', 'body', 'done']) assert.is(ports.includes(name), expected, metadata.type_id);
    }
  });

  test('those that take time can be timed out, and those that can be begun anew retried', () => {
    const named = (flag: 'supports_timeout' | 'supports_retry') => {
      return controlTypes.filter(({ metadata }) => metadata[flag]).map(({ metadata }) => metadata.type_id);
    };
    const repeatable = ['loop', 'map', 'critic_loop', 'subworkflow', 'wait_for_signal'];
    assert.equal(named('supports_retry').sort(), repeatable.sort());
    assert.equal(named('supports_timeout').sort(), [...repeatable, 'delay', 'human_task'].sort());
  });

  test('the human one is human', () => {
    for (const { metadata } of controlTypes) {
      assert.is(metadata.category, metadata.type_id === humanTaskType.metadata.type_id ? 'human' : 'control');
    }
  });

  test('the examples of a type give ports that differ, none of them twice', () => {
    for (const type of controlTypes) {
      for (const config of type.metadata.examples) {
        const names = allOutputs(type, config);
        assert.is(new Set(names).size, names.length, type.metadata.type_id);
        assert.ok(names.length > 0, type.metadata.type_id);
      }
    }
  });
});

function allOutputs({ metadata, ports }: ControlType, config: (typeof metadata.examples)[number]): readonly string[] {
  return [...metadata.output_ports.map(({ name }) => name), ...(ports?.(config).output ?? [])];
}
