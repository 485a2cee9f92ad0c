import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Segment } from '@llmteam/contracts';
import type { Script } from './script.js';
import { Simulation, type SimulationOptions } from './simulation.js';

/** Compiled to `tests/dist/support/simulation/`. */
export const scenariosFolder = fileURLToPath(new URL('../../../scenarios/', import.meta.url));

export interface Scenario {
  readonly segment: Segment;
  readonly script: Script;
}

/** All scenarios, or those whose name contains one of the words in the environment variable SCENARIOS. */
export function scenarioNames(): string[] {
  const words = (process.env.SCENARIOS ?? '').split(' ').filter((word) => word !== '');
  const isWanted = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));
  return allScenarioNames().filter(isWanted);
}

export function allScenarioNames(): string[] {
  return readdirSync(scenariosFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(scenariosFolder, entry.name, 'segment.json')))
    .map((entry) => entry.name)
    .sort();
}

export function readScenario(name: string): Scenario {
  return { segment: read(name, 'segment.json'), script: read(name, 'script.json') };
}

function read<T>(name: string, file: string): T {
  return JSON.parse(readFileSync(join(scenariosFolder, name, file), 'utf8'));
}

const played = new Map<string, Simulation>();

/** The finished scenario. Simulated once per process and shared, so do not modify it. */
export function playScenario(name: string, options: SimulationOptions = {}): Simulation {
  const key = `${name} ${options.forgetful === true} ${options.frozen === true}`;
  const known = played.get(key);
  if (known !== undefined) return known;
  const { segment, script } = readScenario(name);
  const simulation = new Simulation(segment, script, options);
  simulation.play();
  played.set(key, simulation);
  return simulation;
}
