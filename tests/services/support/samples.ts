/** What a process tells at `/metrics`: the values of its own samples, by name and labels. */
export type Samples = ReadonlyMap<string, number>;

export function samplesOf(text: string): Samples {
  const lines = text.split('\n').filter((line) => line.startsWith('llmteam_'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** Name and labels of a sample. */
export function parsedKey(key: string): { name: string; labels: Readonly<Record<string, string>> } {
  const [, name = '', inBraces = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(key) ?? [];
  const labels = [...inBraces.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]);
  return { name, labels: Object.fromEntries(labels) };
}

/** The values of a series by some of its labels, such as `transform completed`, of all processes together. */
export function sumsBy(
  processes: readonly Samples[],
  series: string,
  by: readonly string[] = [],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [key, value] of processes.flatMap((samples) => [...samples])) {
    const { name, labels } = parsedKey(key);
    if (name !== `llmteam_${series}`) continue;
    const group = by.map((label) => labels[label] ?? '').join(' ');
    sums[group] = (sums[group] ?? 0) + value;
  }
  return sums;
}
