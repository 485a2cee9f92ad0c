import type { Json, KvChange, KvEntry, KvStore } from '@llmteam/contracts';
import { kvStoreConformance } from '@llmteam/testing';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { aTurn, type Mutant, mutantsDie, withoutCode } from './mutants.js';

type PutOptions = { ifRevision?: number; ttlMs?: number };

/** Puts with changed options. */
function withOptions(change: (key: string, options: PutOptions) => PutOptions) {
  return (reference: KvStore): KvStore =>
    altered(reference, { put: (key, value, options = {}) => reference.put(key, value, change(key, options)) });
}

/** Watches through `pass`. */
function watchedBy(pass: (change: KvChange, index: number) => readonly KvChange[]) {
  return (reference: KvStore): KvStore =>
    altered(reference, {
      async *watch(prefix, signal) {
        let index = 0;
        for await (const change of reference.watch(prefix, signal)) {
          yield* pass(change, index);
          index += 1;
        }
      },
    });
}

function matches(pattern: string, key: string): boolean {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('%', '.*').replaceAll('_', '.')}`, 'i').test(key);
}

const writeMutants: readonly Mutant<KvStore>[] = [
  {
    name: 'looks, waits, then writes',
    law: 'G1 of N racing',
    mutate: (reference) =>
      altered(reference, {
        async put(key, value, options = {}) {
          const { ifRevision, ...rest } = options;
          const revision = (await reference.get(key))?.revision ?? 0;
          if (ifRevision !== undefined && ifRevision !== revision) return reference.put(key, value, options);
          await aTurn();
          return reference.put(key, value, rest);
        },
      }),
  },
  {
    name: 'ifRevision is ignored',
    law: 'G1 a put with ifRevision',
    mutate: withOptions((_, { ifRevision: _ignored, ...options }) => options),
  },
  {
    name: 'ifRevision 0 is taken for none',
    law: 'G1 a put with ifRevision',
    mutate: withOptions((_, { ifRevision, ...options }) => (ifRevision ? { ifRevision, ...options } : options)),
  },
  {
    name: 'ifRevision of a delete is ignored',
    law: 'G1 a delete with ifRevision',
    mutate: (reference) => altered(reference, { delete: (key) => reference.delete(key) }),
  },
  {
    name: 'the same value again keeps the revision',
    law: 'G1 a put without',
    mutate: (reference) =>
      altered(reference, {
        async put(key, value, options) {
          const present = await reference.get(key);
          if (present !== null && JSON.stringify(present.value) === JSON.stringify(value)) return present.revision;
          return reference.put(key, value, options);
        },
      }),
  },
  {
    name: 'a deleted key counts its revisions from the start again',
    law: 'G1 a revision from before',
    mutate(reference) {
      const counts = new Map<string, number>();
      return altered(reference, {
        async put(key, value, { ifRevision } = {}) {
          const count = (await reference.get(key)) === null ? 0 : (counts.get(key) ?? 0);
          if (ifRevision !== undefined && ifRevision !== count) return reference.put(key, value, { ifRevision: -1 });
          await reference.put(key, value);
          counts.set(key, count + 1);
          return count + 1;
        },
      });
    },
  },
];

const expiryMutants: readonly Mutant<KvStore>[] = [
  {
    name: 'ttlMs is ignored',
    law: 'G2',
    mutate: withOptions((_, { ttlMs: _ignored, ...options }) => options),
  },
  {
    name: 'a value expires early',
    law: 'G2 a value with ttlMs',
    mutate: withOptions((_, { ttlMs, ...options }) => (ttlMs ? { ...options, ttlMs: ttlMs / 4 } : options)),
  },
  {
    name: 'a value that is written again expires when the first one would have',
    law: 'G2 a value that is written again',
    mutate: (reference, clock) =>
      altered(reference, {
        put(key, value, { ttlMs, ...options } = {}) {
          if (ttlMs !== undefined) clock.after(ttlMs, () => void reference.delete(key).catch(() => undefined));
          return reference.put(key, value, options);
        },
      }),
  },
  {
    name: 'an expired value still counts for ifRevision',
    law: 'G2 an expired value',
    mutate(reference, clock) {
      const due = new Map<string, number>();
      return altered(reference, {
        put(key, value, { ttlMs, ...options } = {}) {
          if (ttlMs !== undefined) due.set(key, clock.now() + ttlMs);
          return reference.put(key, value, options);
        },
        get: async (key) => (clock.now() < (due.get(key) ?? Number.POSITIVE_INFINITY) ? reference.get(key) : null),
      });
    },
  },
  {
    name: 'an expired value is still listed',
    law: 'G2',
    mutate(reference) {
      const values = new Map<string, KvEntry>();
      return altered(reference, {
        async put(key, value, options) {
          const revision = await reference.put(key, value, options);
          values.set(key, { key, value, revision });
          return revision;
        },
        list: async () => [...values.values()],
      });
    },
  },
];

const listMutants: readonly Mutant<KvStore>[] = [
  {
    name: 'a list is in the order of writing',
    law: 'G3',
    mutate: (reference) =>
      altered(reference, {
        list: async (prefix, options) =>
          [...(await reference.list(prefix, options))].sort((one, other) => one.revision - other.revision),
      }),
  },
  {
    name: 'a prefix is a pattern',
    law: 'G3 a prefix',
    mutate: (reference) =>
      altered(reference, {
        list: async (prefix) => (await reference.list('')).filter(({ key }) => matches(prefix, key)),
      }),
  },
  {
    name: 'a prefix is a folder',
    law: 'G3',
    mutate: (reference) =>
      altered(reference, {
        list: async (prefix, options) =>
          (await reference.list(prefix, options)).filter(
            ({ key }) => prefix === '' || key === prefix || key.startsWith(`${prefix.replace(/\/$/, '')}/`),
          ),
      }),
  },
  {
    name: 'after is where the list begins',
    law: 'G3 pages',
    mutate: (reference) =>
      altered(reference, {
        list: async (prefix, { after = '', limit = 1_000 } = {}) =>
          (await reference.list(prefix)).filter(({ key }) => key >= after).slice(0, limit),
      }),
  },
  {
    name: 'limit is ignored',
    law: 'G3 pages',
    mutate: (reference) =>
      altered(reference, {
        list: (prefix, { after } = {}) => reference.list(prefix, after === undefined ? {} : { after }),
      }),
  },
];

const watchMutants: readonly Mutant<KvStore>[] = [
  {
    name: 'a watcher is not told what is there',
    law: 'G4 a watcher first',
    mutate: (reference) =>
      altered(reference, {
        async *watch(prefix, signal) {
          const present = (await reference.list(prefix)).length;
          let index = 0;
          for await (const change of reference.watch(prefix, signal)) {
            index += 1;
            if (index > present) yield change;
          }
        },
      }),
  },
  {
    name: 'a watcher is told what is there and nothing more',
    law: 'G4 a watcher first',
    mutate: (reference) =>
      altered(reference, {
        async *watch(prefix) {
          for (const value of await reference.list(prefix)) yield { key: value.key, value };
        },
      }),
  },
  {
    name: 'a watcher is not told of deletions',
    law: 'G4',
    mutate: watchedBy((change) => (change.value === null ? [] : [change])),
  },
  {
    name: 'a watcher is told twice that a value is gone',
    law: 'G4 a watcher is notified',
    mutate: watchedBy((change) => (change.value === null ? [change, change] : [change])),
  },
  {
    name: 'a watcher is told of every key',
    law: 'G4 a watcher first',
    mutate: (reference) => altered(reference, { watch: (_, signal) => reference.watch('', signal) }),
  },
  {
    name: 'a watcher is told of writes that were refused',
    law: 'G4 a conflicting write',
    mutate(reference) {
      const refused: KvChange[] = [];
      const told = watchedBy((change) => [...refused.splice(0), change])(reference);
      return altered(told, {
        put: (key, value, options) =>
          reference.put(key, value, options).catch((error) => {
            refused.push({ key, value: { key, value, revision: 0 } });
            throw error;
          }),
      });
    },
  },
  {
    name: 'a watcher sees the old value after the new one',
    law: 'G4 a watcher misses nothing',
    mutate(reference) {
      const first = new Map<string, KvChange>();
      return watchedBy((change) => {
        const old = first.get(change.key);
        first.set(change.key, old ?? change);
        return old === undefined ? [change] : [change, old];
      })(reference);
    },
  },
  {
    name: 'a watcher does not hear its signal',
    law: 'G4 a watcher ends',
    mutate: (reference) =>
      altered(reference, { watch: (prefix) => reference.watch(prefix, new AbortController().signal) }),
  },
];

/** Values are stored as objects; `keep` copies on the way in and `show` on the way out. */
function valuesBeside(reference: KvStore, keep: (value: Json) => Json, show: (value: Json) => Json): KvStore {
  const values = new Map<string, Json>();
  return altered(reference, {
    put(key, value, options) {
      values.set(key, keep(value));
      return reference.put(key, value, options);
    },
    async get(key) {
      const found = await reference.get(key);
      return found === null ? null : { ...found, value: show(values.get(key) ?? null) };
    },
  });
}

const copyAndCloseMutants: readonly Mutant<KvStore>[] = [
  {
    name: 'keeps the objects it was given',
    law: 'G5 values are copied',
    mutate: (reference) =>
      valuesBeside(
        reference,
        (value) => value,
        (value) => structuredClone(value),
      ),
  },
  {
    name: 'gives out the objects it keeps',
    law: 'G5 values are copied',
    mutate: (reference) =>
      valuesBeside(
        reference,
        (value) => structuredClone(value),
        (value) => value,
      ),
  },
  {
    name: 'takes null for nothing',
    law: 'G5 values survive',
    mutate: (reference) =>
      altered(reference, {
        async get(key) {
          const found = await reference.get(key);
          return found?.value === null ? null : found;
        },
      }),
  },
  { name: 'errors have no code', law: 'G6', mutate: withoutCode },
  {
    name: 'is read after close',
    law: 'G6',
    mutate: (reference) => altered(reference, { get: (key) => reference.get(key).catch(() => null) }),
  },
];

spec('broken key-value stores', (test) => {
  mutantsDie(test, 'kv', kvStoreConformance, [
    ...writeMutants,
    ...expiryMutants,
    ...listMutants,
    ...watchMutants,
    ...copyAndCloseMutants,
  ]);
});
