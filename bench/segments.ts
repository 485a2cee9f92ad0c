import type { JsonObject, Segment } from '@llmteam/contracts';

const params = { timeout_seconds: null };

/** A chain of `length` no-op steps. */
export function chain(length: number): Segment {
  const ids = Array.from({ length }, (_, place) => `step_${place}`);
  return {
    segment_id: `chain_${length}`,
    name: `Chain of ${length}`,
    entrypoint: 'step_0',
    params,
    steps: ids.map((stepId) => ({ step_id: stepId, type: 'noop' })),
    edges: ids.slice(1).map((to, place) => ({ from: `step_${place}`, to })),
  };
}

/** One step of a type, tried once. */
export function single(type: string, config: JsonObject): Segment {
  const steps = [{ step_id: 'only', type, config }];
  return { segment_id: `single_${type}`, name: type, entrypoint: 'only', params: { ...params, max_retries: 0 }, steps };
}

/** A split into `width` no-op steps that are joined again. */
export function fanOut(width: number): Segment {
  const branches = Array.from({ length: width }, (_, place) => `branch_${place + 1}`);
  return {
    segment_id: `fan_out_${width}`,
    name: `Fan-out of ${width}`,
    entrypoint: 'split',
    params,
    steps: [
      { step_id: 'split', type: 'parallel_split', config: { branches: width } },
      ...branches.map((stepId) => ({ step_id: stepId, type: 'noop' })),
      { step_id: 'join', type: 'parallel_join' },
    ],
    edges: branches.flatMap((branch) => [
      { from: 'split', from_port: branch, to: branch },
      { from: branch, to: 'join', to_port: branch },
    ]),
  };
}

/** A map over a list, one no-op step per item, ten at a time. */
export function mapOver(items: number): Segment {
  return {
    segment_id: `map_${items}`,
    name: `Map of ${items}`,
    entrypoint: 'each',
    params,
    steps: [
      { step_id: 'each', type: 'map', config: { items: 'input.items', concurrency: 10 } },
      { step_id: 'work', type: 'noop' },
    ],
    edges: [
      { from: 'each', from_port: 'body', to: 'work' },
      { from: 'work', to: 'each', to_port: 'next' },
    ],
  };
}
