import {
  type ControlType,
  type ControlView,
  caps,
  type FiredPorts,
  type Json,
  literalKeyword,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { strict } from './config-schema.js';
import { isList, kindOf } from './json.js';
import { controlMetadata, inputPort } from './metadata.js';
import { complete, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    branches: Type.Integer({
      minimum: 2,
      maximum: caps.parallel_width,
      [literalKeyword]: true,
      description: 'The number of output ports.',
    }),
    split: Type.Optional(
      Type.Enum(['copy', 'round_robin'], {
        default: 'copy',
        description:
          '`copy`: each branch gets the input. `round_robin`: the input is a list whose elements are dealt out in turn.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

/** Starts parallel branches. */
export const parallelSplitType: ControlType<Config, never> = {
  kind: 'control',
  metadata: controlMetadata({
    type_id: 'parallel_split',
    display_name: 'Parallel split',
    description: 'Fires `branch_1` … `branch_N`, each with the input or with its share of a list.',
    icon: 'git-fork',
    color: '#6366f1',
    config: Config,
    input_ports: [inputPort],
    output_ports: [],
    examples: [{ branches: 3 }, { branches: 4, split: 'round_robin' }],
  }),
  firesAllPorts: true,
  ports(config) {
    const branches = typeof config.branches === 'number' ? config.branches : 0;
    return { output: branchPorts(Math.min(branches, caps.parallel_width)) };
  },
  react(occurrence, view) {
    return occurrence.kind === 'started' ? split(view) : nothing;
  },
};

function branchPorts(branches: number): readonly string[] {
  return Array.from({ length: branches }, (_, branch) => `branch_${branch + 1}`);
}

function split({ config, input }: ControlView<Config, never>) {
  const ports = branchPorts(config.branches);
  if (config.split !== 'round_robin') return complete(fired(ports, () => input));
  if (!isList(input)) {
    return fail('STEP_CONFIG_INVALID', `split 'round_robin' deals out a list, but the input is ${kindOf(input)}`);
  }
  const shares = deal(input, config.branches);
  return complete(fired(ports, (branch) => shares[branch] ?? []));
}

function fired(ports: readonly string[], valueFor: (branch: number) => Json): FiredPorts {
  return Object.fromEntries(ports.map((name, branch) => [name, valueFor(branch)]));
}

function deal(list: readonly Json[], branches: number): Json[][] {
  const shares: Json[][] = Array.from({ length: branches }, () => []);
  for (const [index, element] of list.entries()) shares[index % branches]?.push(element);
  return shares;
}
