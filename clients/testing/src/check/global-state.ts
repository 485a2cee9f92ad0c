/**
 * Purpose: what a plugin must leave as it found it: globals and prototypes, listeners of the process, the environment, the working
 * directory. Two snapshots are compared.
 */
export class GlobalState {
  private readonly members = new Map<string, string>();
  private readonly values = new Map<string, unknown>();
  private readonly environment: Readonly<Record<string, string | undefined>>;
  private readonly folder = process.cwd();
  private readonly listeners: ReadonlyMap<string, number>;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    for (const [name, object] of watched()) this.note(name, object);
    this.environment = { ...environment };
    this.listeners = new Map(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));
  }

  private note(name: string, object: object): void {
    for (const key of Reflect.ownKeys(object)) {
      const place = `${name}.${String(key)}`;
      const descriptor = Object.getOwnPropertyDescriptor(object, key);
      if (descriptor === undefined || lazy.has(place)) continue;
      const { configurable, enumerable, writable } = descriptor;
      this.members.set(place, JSON.stringify([configurable, enumerable, writable]));
      this.values.set(place, descriptor.value ?? descriptor.get);
    }
  }

  /** What `later` has that this has not, or has otherwise. */
  changes(later: GlobalState): string[] {
    return [
      ...this.changedMembers(later),
      ...changedKeys(this.environment, later.environment).map((name) => `the environment variable ${name} was changed`),
      ...(this.folder === later.folder ? [] : [`the working directory was changed to '${later.folder}'`]),
      ...[...later.listeners]
        .filter(([event, count]) => count > (this.listeners.get(event) ?? 0))
        .map(([event]) => `a listener for '${event}' of the process was added`),
    ];
  }

  private changedMembers(later: GlobalState): string[] {
    const added = [...later.members.keys()].filter((place) => !this.members.has(place));
    const removed = [...this.members.keys()].filter((place) => !later.members.has(place));
    const changed = [...this.members.keys()].filter(
      (place) =>
        later.members.has(place) &&
        (later.members.get(place) !== this.members.get(place) ||
          !Object.is(later.values.get(place), this.values.get(place))),
    );
    return [
      ...added.map((place) => `${place} was added`),
      ...removed.map((place) => `${place} was removed`),
      ...changed.map((place) => `${place} was changed`),
    ];
  }
}

/** Globals that Node itself replaces by their value when they are first read. */
const lazy: ReadonlySet<string> = new Set(
  [
    'fetch',
    'crypto',
    'navigator',
    'localStorage',
    'sessionStorage',
    'WebSocket',
    'EventSource',
    'File',
    'FormData',
    'Headers',
  ]
    .concat(['Request', 'Response', 'MessageEvent', 'CloseEvent', 'Storage', 'CustomEvent', 'undici'])
    .map((name) => `globalThis.${name}`),
);

/** The global object, and each of its built-in constructors with its prototype. */
function watched(): [string, object][] {
  const names = Object.getOwnPropertyNames(globalThis).filter(
    (name) => /^[A-Z]/.test(name) && !lazy.has(`globalThis.${name}`),
  );
  const builtIns = names.flatMap((name): [string, object][] => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    const value: unknown = descriptor?.value;
    if (typeof value !== 'function' && (typeof value !== 'object' || value === null)) return [];
    const { prototype } = value as { readonly prototype?: object };
    return [
      [name, value as object],
      ...(typeof prototype === 'object' ? [[`${name}.prototype`, prototype] as [string, object]] : []),
    ];
  });
  return [['globalThis', globalThis], ['console', console], ...builtIns];
}

function changedKeys(
  before: Readonly<Record<string, string | undefined>>,
  after: Readonly<Record<string, string | undefined>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => before[key] !== after[key]);
}
