import {
  type Entry,
  type Fact,
  type Journal,
  type NewEntry,
  type Position,
  type RunKey,
  runLevelFacts,
} from '@llmteam/contracts';
import { journalConformance } from '@llmteam/testing';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { aTurn, counter, type Mutant, mutantsDie, withoutCode } from './mutants.js';

type JournalMutant = Mutant<Journal>;

/** Changes the entries that the reference returns. */
function seenThrough(reference: Journal, change: (entry: Entry) => Entry): Partial<Journal> {
  return {
    async *read(run, after) {
      for await (const entry of reference.read(run, after)) yield change(entry);
    },
    async *follow(partition, from, signal) {
      for await (const batch of reference.follow(partition, from, signal)) yield batch.map(change);
    },
  };
}

/** Follows like the reference; `pass` forwards each batch and gets the number of previous ones. */
function followedBy(pass: (batch: readonly Entry[], index: number) => Iterable<readonly Entry[]>) {
  return (reference: Journal): Journal =>
    altered(reference, {
      async *follow(partition, from, signal) {
        let index = 0;
        for await (const batch of reference.follow(partition, from, signal)) {
          yield* pass(batch, index);
          index += 1;
        }
      },
    });
}

/** Makes message ids unique with `mark` and restores them on reads. */
function renaming(reference: Journal, mark: (run: RunKey, messageId: string) => string): Journal {
  const shown = (entry: Entry) => ({ ...entry, message_id: entry.message_id.replace(/~\d+$/, '') });
  return altered(reference, {
    ...seenThrough(reference, shown),
    append: (run, entries) =>
      reference.append(
        run,
        entries.map(({ message_id, fact }) => ({ message_id: `${message_id}~${mark(run, message_id)}`, fact })),
      ),
  });
}

/** Facts are stored next to the journal with `keep` and returned with `show`. */
function factsBeside(reference: Journal, keep: (fact: Fact) => Fact, show: (fact: Fact) => Fact): Journal {
  const facts = new Map<string, Fact>();
  const name = (run: RunKey, messageId: string) => JSON.stringify([run.tenant_id, run.run_id, messageId]);
  return altered(reference, {
    ...seenThrough(reference, (entry) => {
      const fact = facts.get(name(entry, entry.message_id));
      return fact === undefined ? entry : { ...entry, fact: show(fact) };
    }),
    append(run, entries) {
      for (const { message_id, fact } of entries) facts.set(name(run, message_id), keep(fact));
      return reference.append(run, entries);
    },
  });
}

const messageIdMutants: readonly JournalMutant[] = [
  {
    name: 'message ids are ignored',
    law: 'J3',
    mutate(reference) {
      return renaming(reference, counter());
    },
  },
  {
    name: 'looks, waits, then writes',
    law: 'J3 of N racing',
    mutate(reference) {
      const known = new Map<string, Position>();
      const unique = renaming(reference, counter());
      const write = async (run: RunKey, entry: NewEntry) => {
        const key = JSON.stringify([run, entry.message_id]);
        const position = known.get(key);
        if (position !== undefined) return position;
        await aTurn();
        const [written = 0] = await unique.append(run, [entry]);
        known.set(key, written);
        return written;
      };
      return altered(unique, {
        async append(run, entries) {
          const positions: Position[] = [];
          for (const entry of entries) positions.push(await write(run, entry));
          return positions;
        },
      });
    },
  },
  {
    name: 'one known message id drops the whole append',
    law: 'J3 the new entries',
    mutate(reference) {
      const known = new Map<string, Position>();
      return altered(reference, {
        async append(run, entries) {
          const positions = entries.map(({ message_id }) => known.get(message_id));
          const first = positions.find((position) => position !== undefined);
          if (first !== undefined) return entries.map(() => first);
          const written = await reference.append(run, entries);
          entries.forEach(({ message_id }, index) => void known.set(message_id, written[index] ?? 0));
          return written;
        },
      });
    },
  },
  {
    name: 'a repeat is answered with the end of the journal',
    law: 'J3 a second append',
    mutate: (reference) =>
      altered(reference, {
        async append(run, entries) {
          const partition = reference.partitionOf(run);
          const before = await reference.end(partition);
          const positions = await reference.append(run, entries);
          const end = await reference.end(partition);
          return positions.map((position) => (position <= before ? end : position));
        },
      }),
  },
  {
    name: 'a message id counts for all runs',
    law: 'J3 the same message id in another run',
    mutate(reference) {
      const known = new Map<string, Position>();
      return altered(reference, {
        async append(run, entries) {
          const fresh = entries.filter(({ message_id }) => !known.has(message_id));
          const written = await reference.append(run, fresh);
          fresh.forEach(({ message_id }, index) => void known.set(message_id, written[index] ?? 0));
          return entries.map(({ message_id }) => known.get(message_id) ?? 0);
        },
      });
    },
  },
  {
    name: 'only the last 5,000 message ids are known',
    law: 'J3 a message id is still deduplicated',
    mutate(reference) {
      const last = new Map<string, string>();
      const next = counter();
      return renaming(reference, (run, messageId) => {
        const key = JSON.stringify([run, messageId]);
        const mark = last.get(key) ?? next();
        last.set(key, mark);
        const [oldest = ''] = last.keys();
        if (last.size > 5_000) last.delete(oldest);
        return mark;
      });
    },
  },
];

const historyMutants: readonly JournalMutant[] = [
  {
    name: 'acknowledges first and writes later',
    law: 'J1 acknowledged entries can be read',
    mutate: (reference) =>
      altered(reference, {
        async append(run, entries) {
          setImmediate(() => void reference.append(run, entries).catch(() => undefined));
          return entries.map((_, index) => index + 1);
        },
      }),
  },
  {
    name: 'writes the entries of an append one by one, so that some of a bad one stay',
    law: 'J1 J2',
    mutate: (reference) => altered(reference, { append: (run, entries) => oneByOne(reference, run, entries) }),
  },
  {
    name: 'writes the entries of an append one by one, so that others come between',
    law: 'J2',
    mutate: (reference) => altered(reference, { append: (run, entries) => oneByOne(reference, run, entries) }),
  },
  {
    name: 'positions begin with 0',
    law: 'J4',
    mutate: (reference) =>
      altered(reference, {
        ...seenThrough(reference, (entry) => ({ ...entry, position: entry.position - 1 })),
        append: async (run, entries) => (await reference.append(run, entries)).map((position) => position - 1),
      }),
  },
  {
    name: 'a run is found by its id alone',
    law: 'J4 a run is visible to its tenant',
    mutate(reference) {
      const anybody = (run: RunKey) => ({ ...run, tenant_id: 'anybody' });
      return altered(reference, {
        append: (run, entries) => reference.append(anybody(run), entries),
        async *read(run, after) {
          for await (const entry of reference.read(anybody(run), after)) yield { ...entry, tenant_id: run.tenant_id };
        },
      });
    },
  },
  {
    name: 'reading after a position gives that position too',
    law: 'J4 reading after',
    mutate: (reference) =>
      altered(reference, { read: (run, after = 0) => reference.read(run, Math.max(0, after - 1)) }),
  },
  {
    name: 'a history is read in the order of message ids',
    law: 'J4',
    mutate: (reference) =>
      altered(reference, {
        async *read(run, after) {
          const entries: Entry[] = [];
          for await (const entry of reference.read(run, after)) entries.push(entry);
          yield* entries.sort((one, other) => (one.message_id < other.message_id ? -1 : 1));
        },
      }),
  },
  {
    name: 'keeps the objects it was given',
    law: 'J4 reads',
    mutate: (reference) =>
      factsBeside(
        reference,
        (fact) => fact,
        (fact) => structuredClone(fact),
      ),
  },
  {
    name: 'gives out the objects it keeps',
    law: 'J4 reads return copies',
    mutate: (reference) =>
      factsBeside(
        reference,
        (fact) => structuredClone(fact),
        (fact) => fact,
      ),
  },
  {
    name: 'copies, but not as JSON does',
    law: 'J6',
    mutate: (reference) =>
      factsBeside(
        reference,
        (fact) => structuredClone(fact),
        (fact) => structuredClone(fact),
      ),
  },
  {
    name: 'knows no characters beyond the basic plane',
    law: 'J6',
    mutate: (reference) => {
      const damage = (fact: Fact): Fact => JSON.parse(JSON.stringify(fact).replace(/[\u{10000}-\u{10ffff}]/gu, '?'));
      return factsBeside(reference, damage, (fact) => structuredClone(fact));
    },
  },
  {
    name: 'the end counts appends, repeats included',
    law: 'J8',
    mutate(reference) {
      let appends = 0;
      return altered(reference, {
        append(run, entries) {
          appends += entries.length;
          return reference.append(run, entries);
        },
        end: async () => appends,
      });
    },
  },
  { name: 'errors have no code', law: 'J7', mutate: withoutCode },
  {
    name: 'takes appends after close',
    law: 'J7',
    mutate: (reference) =>
      altered(reference, { append: (run, entries) => reference.append(run, entries).catch(() => []) }),
  },
  {
    name: 'cannot be closed twice',
    law: 'J7',
    mutate(reference) {
      let closed = false;
      return altered(reference, {
        async close() {
          if (closed) throw new Error('closed already');
          closed = true;
          await reference.close();
        },
      });
    },
  },
];

async function oneByOne(reference: Journal, run: RunKey, entries: readonly NewEntry[]): Promise<Position[]> {
  const positions: Position[] = [];
  for (const entry of entries) {
    positions.push(...(await reference.append(run, [entry])));
    await aTurn();
  }
  return positions;
}

const followMutants: readonly JournalMutant[] = [
  {
    name: 'a follower misses the first live entry',
    law: 'J5',
    mutate: followedBy((batch, index) => (index === 1 ? [batch.slice(1)] : [batch])),
  },
  {
    name: 'a follower gets an entry twice',
    law: 'J5',
    mutate: followedBy((batch) => (batch.length > 1 ? [batch, batch.slice(-1)] : [batch])),
  },
  {
    name: 'a follower is never told that it has caught up',
    law: 'J5 one empty batch',
    mutate: followedBy((batch) => (batch.length > 0 ? [batch] : [])),
  },
  {
    name: 'a follower is told with every batch that it has caught up',
    law: 'J5 one empty batch',
    mutate: followedBy((batch) => (batch.length > 0 ? [batch, []] : [batch])),
  },
  {
    name: 'a follower is told that it has caught up before it has',
    law: 'J5 one empty batch',
    mutate: followedBy((batch, index) => (index === 0 ? [[], batch] : [batch])),
  },
  {
    name: 'a follower ends when it has caught up',
    law: 'J5 a follower of an empty journal',
    mutate: (reference) =>
      altered(reference, {
        async *follow(partition, from, signal) {
          for await (const batch of reference.follow(partition, from, signal)) {
            yield batch;
            if (batch.length === 0) return;
          }
        },
      }),
  },
  {
    name: 'a follower of run-level facts gets those of steps only',
    law: 'J5 a follower of run-level',
    mutate: (reference) =>
      altered(reference, {
        async *follow(partition, from, signal, { only } = {}) {
          for await (const batch of reference.follow(partition, from, signal)) {
            yield only === undefined ? batch : batch.filter(({ fact }) => !runLevelFacts.has(fact.type));
          }
        },
      }),
  },
  {
    name: 'a follower gets the entry at its position again',
    law: 'J5 a follower gets exactly',
    mutate: (reference) =>
      altered(reference, {
        follow: (partition, from, signal) => reference.follow(partition, Math.max(0, from - 1), signal),
      }),
  },
  {
    name: 'a follower that begins beyond the end begins at the end',
    law: 'J5 a follower from beyond',
    mutate: (reference) =>
      altered(reference, {
        async *follow(partition, from, signal) {
          yield* reference.follow(partition, Math.min(from, await reference.end(partition)), signal);
        },
      }),
  },
  {
    name: 'a follower does not hear its signal',
    law: 'J5 a follower ends',
    mutate: (reference) =>
      altered(reference, {
        follow: (partition, from) => reference.follow(partition, from, new AbortController().signal),
      }),
  },
  {
    name: 'a live follower fails when the journal closes',
    law: 'J5 live followers',
    mutate: (reference) =>
      altered(reference, {
        async *follow(partition, from, signal) {
          yield* reference.follow(partition, from, signal);
          if (!signal.aborted) throw new Error('the journal went away');
        },
      }),
  },
  {
    name: 'followers share what they are given',
    law: 'J5 every follower',
    mutate(reference) {
      const shared = new Map<Position, Entry>();
      const share = (entry: Entry) => {
        const known = shared.get(entry.position) ?? entry;
        shared.set(entry.position, known);
        return known;
      };
      return followedBy((batch) => [batch.map(share)])(reference);
    },
  },
  {
    name: 'one follower that ends takes the others along',
    law: 'J5 a follower that ends',
    mutate(reference) {
      const all = new AbortController();
      return altered(reference, {
        async *follow(partition, from, signal) {
          signal.addEventListener('abort', () => all.abort());
          yield* reference.follow(partition, from, AbortSignal.any([signal, all.signal]));
        },
      });
    },
  },
  {
    name: 'a slow follower gets only the latest entries',
    law: 'J5 a slow follower',
    mutate: followedBy((batch) => (batch.length > 50 ? [batch.slice(-50)] : [batch])),
  },
];

const removalMutants: readonly JournalMutant[] = [
  {
    name: 'removes nothing',
    law: 'J9 a removed history',
    mutate: (reference) => altered(reference, { remove: async () => undefined }),
  },
  {
    name: 'removes the history of a reader, not that of a follower',
    law: 'J9 a removed history',
    mutate(reference) {
      const removed = new Set<string>();
      return altered(reference, {
        remove: async (run) => void removed.add(run.run_id),
        async *read(run, after) {
          if (!removed.has(run.run_id)) yield* reference.read(run, after);
        },
      });
    },
  },
  {
    name: 'removes later entries too',
    law: 'J9 only the appends before a position',
    mutate: (reference) => altered(reference, { remove: (run) => reference.remove(run) }),
  },
  {
    name: 'removes the runs of every tenant with that id',
    law: 'J9 entries of the same tenant or the same id elsewhere',
    mutate: (reference) =>
      altered(reference, {
        async remove(run, before) {
          for (const tenantId of [run.tenant_id, 'rival'])
            await reference.remove({ ...run, tenant_id: tenantId }, before);
        },
      }),
  },
];

spec('broken journals', (test) => {
  mutantsDie(test, 'journal', journalConformance, [
    ...messageIdMutants,
    ...historyMutants,
    ...followMutants,
    ...removalMutants,
  ]);
});
