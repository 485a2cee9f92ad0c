import type { Edge, Segment, Step } from '@llmteam/contracts';

const taskTypes = ['llm_agent', 'http_action', 'transform', 'rag', 'delay', 'acme_ocr@^2.1'];
const loopTypes = ['loop', 'map', 'critic_loop'];
const ports = ['true', 'false', 'error', 'approved', 'branch_1'];

/** A seeded generator of numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  const state = { value: seed * 2_654_435_761 + 1 };
  return () => {
    state.value = (Math.imul(state.value ^ (state.value >>> 15), 2_246_822_519) + 3_266_489_917) >>> 0;
    return ((state.value ^ (state.value >>> 13)) >>> 0) / 4_294_967_296;
  };
}

/** A random segment with valid regions: forward edges, and loops nested up to three levels deep. */
export function randomSegment(seed: number, size: number): Segment {
  const next = randomNumbers(seed);
  const grown: Grown = { steps: [], edges: [], next, size };
  grow(grown, size, 0);
  return { segment_id: 'random', name: `Random ${seed}`, entrypoint: 's0', steps: grown.steps, edges: grown.edges };
}

interface Grown {
  readonly steps: Step[];
  readonly edges: Edge[];
  readonly next: () => number;
  readonly size: number;
}

/** Adds steps to a region, each reachable from a previous one; returns them in order. */
function grow(grown: Grown, count: number, depth: number): string[] {
  const row: string[] = [];
  let left = count;
  while (left > 0) {
    const isLoop = depth < 3 && left > 3 && grown.next() < 0.2;
    const before = row.slice(-4);
    const id = addStep(grown, pick(grown, isLoop ? loopTypes : taskTypes));
    if (before.length > 0) connect(grown, pick(grown, before), id);
    if (before.length > 1 && grown.next() < 0.4) connect(grown, pick(grown, before), id);
    row.push(id);
    left -= 1;
    if (isLoop) {
      const inside = 1 + Math.floor(grown.next() * Math.min(left, 8));
      left -= inside;
      enclose(grown, id, grow(grown, inside, depth + 1));
    }
  }
  return row;
}

function enclose({ edges, next }: Grown, loop: string, body: readonly string[]): void {
  const ends = new Set(body.filter((id) => !edges.some((edge) => edge.from === id && body.includes(edge.to))));
  edges.push({ from: loop, from_port: 'body', to: body[0] ?? loop });
  for (const id of ends) {
    const fromPort = edges.some((edge) => edge.from === id && edge.from_port === 'body') ? { from_port: 'done' } : {};
    if (next() < 0.8 || id === body.at(-1)) edges.push({ from: id, ...fromPort, to: loop, to_port: 'next' });
  }
}

function addStep({ steps, next }: Grown, type: string): string {
  const stepId = `s${steps.length}`;
  const name = 'A step with a name of some length'.slice(0, 3 + Math.floor(next() * 30));
  steps.push({ step_id: stepId, type, ...(next() < 0.5 ? { name } : {}) });
  return stepId;
}

function connect(grown: Grown, from: string, to: string): void {
  const type = grown.steps.find(({ step_id }) => step_id === from)?.type ?? '';
  const chosen = grown.next() < 0.4 ? pick(grown, ports) : 'output';
  const done = chosen === 'error' ? 'error' : 'done';
  const edge: Edge = { from, from_port: loopTypes.includes(type) ? done : chosen, to };
  const hasCondition = grown.next() < 0.15;
  grown.edges.push(hasCondition ? { ...edge, condition: 'value.score > 0.5 && input.language == "en"' } : edge);
}

function pick<T>({ next }: Grown, choices: readonly T[]): T {
  const chosen = choices[Math.floor(next() * choices.length)];
  if (chosen === undefined) throw new Error('nothing to pick from');
  return chosen;
}
