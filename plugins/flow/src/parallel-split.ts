import { type ControlType, type ControlView, caps, type FiredPorts, type Json } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { strict } from './config-schema.js';
import { is_list, kind_of } from './json.js';
import { control_metadata, input_port } from './metadata.js';
import { complete, fail, nothing } from './reaction.js';

const Config = Type.Object(
  {
    branches: Type.Integer({ minimum: 2, maximum: caps.parallel_width, description: 'How many ports fire.' }),
    split: Type.Optional(
      Type.Enum(['copy', 'round_robin'], {
        default: 'copy',
        description: '`copy`: each branch gets the input. `round_robin`: the input is a list, dealt out in turn.',
      }),
    ),
  },
  strict,
);
type Config = Static<typeof Config>;

/** Starts several branches at once. */
export const parallel_split_type: ControlType<Config, never> = {
  kind: 'control',
  metadata: control_metadata({
    type_id: 'parallel_split',
    display_name: 'Parallel split',
    description: 'Fires `branch_1` … `branch_N`, each with the input or with its share of a list.',
    icon: 'git-fork',
    color: '#6366f1',
    config: Config,
    input_ports: [input_port],
    output_ports: [],
    examples: [{ branches: 3 }, { branches: 4, split: 'round_robin' }],
  }),
  ports(config) {
    const branches = typeof config.branches === 'number' ? config.branches : 0;
    return { output: branch_ports(Math.min(branches, caps.parallel_width)) };
  },
  react(occurrence, view) {
    return occurrence.kind === 'started' ? split(view) : nothing;
  },
};

function branch_ports(branches: number): readonly string[] {
  return Array.from({ length: branches }, (_, branch) => `branch_${branch + 1}`);
}

function split({ config, input }: ControlView<Config, never>) {
  const ports = branch_ports(config.branches);
  if (config.split !== 'round_robin') return complete(fired(ports, () => input));
  if (!is_list(input)) {
    return fail('STEP_CONFIG_INVALID', `split 'round_robin' deals out a list, but the input is ${kind_of(input)}`);
  }
  const shares = deal(input, config.branches);
  return complete(fired(ports, (branch) => shares[branch] ?? []));
}

function fired(ports: readonly string[], value_of: (branch: number) => Json): FiredPorts {
  return Object.fromEntries(ports.map((name, branch) => [name, value_of(branch)]));
}

function deal(list: readonly Json[], branches: number): Json[][] {
  const shares: Json[][] = Array.from({ length: branches }, () => []);
  for (const [index, element] of list.entries()) shares[index % branches]?.push(element);
  return shares;
}
