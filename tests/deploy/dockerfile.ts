/** The subset of the Dockerfile language that ours uses. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export interface Image {
  readonly stages: readonly Stage[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: readonly string[];
  readonly user: string;
  readonly ports: readonly string[];
  readonly workingDir: string;
}

/** The result of the last stage. */
export function readDockerfile(text: string): Image {
  const stages = stagesOf(instructionsOf(text));
  const last = stages.at(-1);
  if (last === undefined) throw new Error('there is no FROM');
  const of = (name: string): string[] => last.instructions.flatMap((one) => (one.name === name ? [one.text] : []));
  return {
    stages,
    entrypoint: JSON.parse(of('ENTRYPOINT').at(-1) ?? '[]'),
    command: JSON.parse(of('CMD').at(-1) ?? '[]'),
    environment: Object.fromEntries(of('ENV').flatMap(pairsOf)),
    healthcheck: JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK').at(-1) ?? '')?.[1] ?? '[]'),
    user: of('USER').at(-1) ?? 'root',
    ports: of('EXPOSE'),
    workingDir: of('WORKDIR').at(-1) ?? '/',
  };
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const whole = lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return whole
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', text: line.slice(line.indexOf(' ') + 1).trim() }));
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const starts = instructions.flatMap(({ name }, place) => (name === 'FROM' ? [place] : []));
  return starts.map((start, number) => {
    const [, from = '', name = ''] =
      /^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(instructions[start]?.text ?? '') ?? [];
    return { from, name, instructions: instructions.slice(start + 1, starts[number + 1]) };
  });
}

/** `A=1 B=2`, without quotes. */
function pairsOf(text: string): [string, string][] {
  return text.split(/\s+/).map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
}
