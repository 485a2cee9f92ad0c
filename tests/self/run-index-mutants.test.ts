import type { HumanTask, IndexChange, Page, RunIndex, RunQuery, RunRow } from '@llmteam/contracts';
import { runIndexConformance } from '@llmteam/testing';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { type Mutant, mutantsDie, withoutCode } from './mutants.js';

/** Modifies applied changes. */
function applying(change: (changes: readonly IndexChange[]) => readonly IndexChange[]) {
  return (reference: RunIndex): RunIndex =>
    altered(reference, { apply: (changes) => reference.apply(change(changes)) });
}

/** Modifies run queries. */
function asking(change: (query: RunQuery) => RunQuery) {
  return (reference: RunIndex): RunIndex => altered(reference, { runs: (query) => reference.runs(change(query)) });
}

/** Modifies returned pages. */
function showing(change: (rows: readonly RunRow[]) => RunRow[]) {
  return (reference: RunIndex): RunIndex =>
    altered(reference, {
      async runs(query) {
        const { rows, cursor } = await reference.runs(query);
        return { rows: change(rows), cursor };
      },
    });
}

/** A query without one of its filters. */
function without(key: keyof RunQuery) {
  return asking((query) => {
    const { [key]: _ignored, ...rest } = query;
    return { ...rest, tenant_id: query.tenant_id };
  });
}

function withPositionsFrom(next: () => number) {
  return applying((changes) => changes.map((change) => ({ ...change, position: next() })));
}

const nobody = 'one tenant for all';

const applyMutants: readonly Mutant<RunIndex>[] = [
  {
    name: 'applies whatever comes, also what is old',
    law: 'I1 a change at or below',
    mutate(reference) {
      let position = 0;
      return withPositionsFrom(() => {
        position += 1;
        return position;
      })(reference);
    },
  },
  {
    name: 'applies a change at the last position again',
    law: 'I1 a change at or below',
    mutate(reference) {
      const times = new Map<number, number>();
      return applying((changes) =>
        changes.map((change) => {
          const time = (times.get(change.position) ?? 0) + 1;
          times.set(change.position, time);
          return { ...change, position: change.position + time / 1_000 };
        }),
      )(reference);
    },
  },
  {
    name: 'all partitions have one position',
    law: 'I1 positions',
    mutate: applying((changes) => changes.map((change) => ({ ...change, partition: 0 }))),
  },
  {
    name: 'of several changes to a row the first one stays',
    law: 'I1 of several changes',
    mutate: applying((changes) => {
      const first = new Map<string, RunRow>();
      const keepFirst = (run: RunRow) => {
        const kept = first.get(run.run_id) ?? run;
        first.set(run.run_id, kept);
        return kept;
      };
      return changes.map((change) => ({ ...change, runs: change.runs.map(keepFirst) }));
    }),
  },
  {
    name: 'of several changes only the one of the highest position is applied',
    law: 'I1 of several changes',
    mutate: applying((changes) => [...changes].reverse()),
  },
  {
    name: 'changes without rows do not move the position',
    law: 'I4',
    mutate: applying((changes) => changes.filter(({ runs, tasks }) => runs.length + tasks.length > 0)),
  },
  {
    name: 'forgets tasks',
    law: 'I1 applied rows',
    mutate: applying((changes) => changes.map((change) => ({ ...change, tasks: [] }))),
  },
  {
    name: 'a later change does not replace a row',
    law: 'I1 a later change',
    mutate(reference) {
      const seen = new Set<string>();
      const firstTime = (run: RunRow) => {
        const known = seen.has(run.run_id);
        seen.add(run.run_id);
        return !known;
      };
      return applying((changes) => changes.map((change) => ({ ...change, runs: change.runs.filter(firstTime) })))(
        reference,
      );
    },
  },
];

const listMutants: readonly Mutant<RunIndex>[] = [
  { name: 'the oldest come first', law: 'I2 runs are listed', mutate: showing((rows) => [...rows].reverse()) },
  {
    name: 'ties are in the order of writing',
    law: 'I2 runs are listed',
    mutate: showing((rows) =>
      [...rows].sort((one, other) => other.started_at - one.started_at || (one.run_id < other.run_id ? 1 : -1)),
    ),
  },
  { name: 'segments are not filtered', law: 'I2 runs are filtered', mutate: without('segment_id') },
  { name: 'statuses are not filtered', law: 'I2 runs are filtered', mutate: without('status') },
  { name: 'correlations are not filtered', law: 'I2 runs are filtered', mutate: without('correlation_id') },
  { name: 'the start is not filtered', law: 'I2 runs are filtered', mutate: without('since') },
  { name: 'the end is not filtered', law: 'I2 runs are filtered', mutate: without('until') },
  { name: 'parents are not filtered', law: 'I2 runs are filtered by parent', mutate: without('parent_run_id') },
  { name: 'metadata is not filtered', law: 'I2 runs are filtered by entries', mutate: without('metadata') },
  { name: 'waits are not filtered', law: 'I11 runs are filtered', mutate: without('waits') },
  {
    name: 'of a kind any key will do',
    law: 'I11 runs are filtered',
    mutate: asking(({ waits, ...query }) =>
      waits === undefined ? query : { ...query, waits: waits.map(({ kind }) => ({ kind })) },
    ),
  },
  {
    name: 'of several waits the first counts',
    law: 'I11 runs are filtered',
    mutate: asking(({ waits, ...query }) => (waits === undefined ? query : { ...query, waits: waits.slice(0, 1) })),
  },
  {
    name: 'a run comes once for each thing it waits for',
    law: 'I11 pages of runs',
    mutate: (reference) =>
      altered(reference, {
        async runs(query) {
          const { rows, cursor } = await reference.runs(query);
          if (query.waits === undefined) return { rows, cursor };
          return { rows: rows.flatMap((row) => (row.waits ?? ['']).map(() => row)), cursor };
        },
      }),
  },
  {
    name: 'notes are added up',
    law: 'I11 a note is replaced',
    mutate(reference) {
      const kept = new Map<string, readonly string[]>();
      return altered(reference, {
        noteWaits: (notes) =>
          reference.noteWaits(
            notes.map((note) => {
              const waits = [...new Set([...(kept.get(note.run_id) ?? []), ...note.waits])];
              kept.set(note.run_id, waits);
              return { ...note, waits };
            }),
          ),
      });
    },
  },
  {
    name: 'only runs that are listed are noted',
    law: 'I11 rows of live runs say',
    mutate: (reference) =>
      altered(reference, {
        async noteWaits(notes) {
          const known = await Promise.all(notes.map((note) => reference.run(note.tenant_id, note.run_id)));
          await reference.noteWaits(notes.filter((_, place) => known[place] !== null));
        },
      }),
  },
  {
    name: 'what an ended run waited for is still shown',
    law: 'I11',
    mutate(reference) {
      const kept = new Map<string, readonly string[]>();
      return altered(reference, {
        async noteWaits(notes) {
          for (const { run_id, waits } of notes) kept.set(run_id, waits);
          await reference.noteWaits(notes);
        },
        async run(tenantId, runId) {
          const row = await reference.run(tenantId, runId);
          const waits = kept.get(runId) ?? [];
          return row === null || waits.length === 0 ? row : { ...row, waits };
        },
      });
    },
  },
  { name: 'prefixes are not filtered', law: 'I10', mutate: without('run_id_prefix') },
  {
    name: 'of several statuses the first counts',
    law: 'I2 of several statuses',
    mutate: asking(({ status, ...query }) => {
      const first = typeof status === 'object' ? status[0] : status;
      return first === undefined ? query : { ...query, status: first };
    }),
  },
  {
    name: 'one entry of the metadata is enough',
    law: 'I2 runs are filtered by entries',
    mutate: asking((query) => {
      const [first] = Object.entries(query.metadata ?? {});
      return first === undefined ? query : { ...query, metadata: Object.fromEntries([first]) };
    }),
  },
  {
    name: 'until takes in what started just then',
    law: 'I2 runs are filtered',
    mutate: asking((query) => (query.until === undefined ? query : { ...query, until: query.until + 1 })),
  },
  {
    name: 'metadata is lost',
    law: 'I2 runs are filtered by entries',
    mutate: showing((rows) => rows.map((row) => ({ ...row, metadata: {} }))),
  },
  {
    name: 'since leaves out what started just then',
    law: 'I2 runs are filtered',
    mutate: asking((query) => (query.since === undefined ? query : { ...query, since: query.since + 1 })),
  },
  {
    name: 'a page is where the last one ended when it was read',
    law: 'I2 pages neither repeat',
    mutate: (reference) =>
      altered(reference, {
        async runs({ cursor = '0', limit = 50, ...query }) {
          const { rows } = await reference.runs({ ...query, limit: 1_000 });
          const end = Number(cursor) + limit;
          return { rows: rows.slice(Number(cursor), end), cursor: end < rows.length ? String(end) : null };
        },
      }),
  },
  {
    name: 'a page goes on after everything of the same time',
    law: 'I2 pages contain every run',
    mutate: (reference) =>
      altered(reference, {
        async runs({ cursor, limit = 50, ...query }) {
          const { rows } = await reference.runs({ ...query, limit: 1_000 });
          const left = rows.filter((row) => cursor === undefined || row.started_at < Number(cursor));
          const page = left.slice(0, limit);
          return { rows: page, cursor: left.length > limit ? String(page.at(-1)?.started_at) : null };
        },
      }),
  },
  {
    name: 'a page repeats the last row',
    law: 'I2 pages contain every run',
    mutate(reference) {
      const last = new Map<string, RunRow>();
      return altered(reference, {
        async runs(query) {
          const { rows, cursor } = await reference.runs(query);
          const before = last.get(query.cursor ?? '');
          const [row] = rows.slice(-1);
          if (cursor !== null && row !== undefined) last.set(cursor, row);
          return { rows: before === undefined ? rows : [before, ...rows], cursor };
        },
      });
    },
  },
  {
    name: 'the last page has a cursor',
    law: 'I2 the last page',
    mutate: (reference) =>
      altered(reference, {
        async runs(query) {
          const page = await reference.runs(query);
          return { ...page, cursor: page.cursor ?? 'end' };
        },
      }),
  },
  {
    name: 'a page holds what there is',
    law: 'I2 the last page',
    mutate: asking((query) => ({ ...query, limit: 1_000 })),
  },
  {
    name: 'a bad limit is mended',
    law: 'a limit out of range',
    mutate: asking((query) =>
      query.limit === undefined
        ? query
        : { ...query, limit: Math.min(1_000, Math.max(1, Math.trunc(query.limit) || 1)) },
    ),
  },
  {
    name: 'a bad cursor is the first page',
    law: 'a limit out of range',
    mutate: (reference) =>
      altered(reference, {
        runs: ({ cursor, ...query }) =>
          reference.runs(cursor === undefined ? query : { ...query, cursor }).catch(() => reference.runs(query)),
      }),
  },
  {
    name: 'tasks are not filtered',
    law: 'I2 tasks are listed',
    mutate: (reference) => altered(reference, { tasks: ({ status: _ignored, ...query }) => reference.tasks(query) }),
  },
  {
    name: 'tasks are not filtered by who has them',
    law: 'I2 tasks are filtered by segment',
    mutate: (reference) => altered(reference, { tasks: ({ assignee: _ignored, ...query }) => reference.tasks(query) }),
  },
  {
    name: 'tasks are not filtered by segment',
    law: 'I2 tasks are filtered by segment',
    mutate: (reference) =>
      altered(reference, { tasks: ({ segment_id: _ignored, ...query }) => reference.tasks(query) }),
  },
];

/** Rows are stored under one tenant and returned under the one that queries. */
function forEverybody(reference: RunIndex): RunIndex {
  const named = <T extends RunRow | HumanTask>(page: Page<T>, tenantId: string): Page<T> => ({
    ...page,
    rows: page.rows.map((row) => ({ ...row, tenant_id: tenantId })),
  });
  const stored = applying((changes) =>
    changes.map((change) => ({
      ...change,
      runs: change.runs.map((run) => ({ ...run, tenant_id: nobody })),
      tasks: change.tasks.map((task) => ({ ...task, tenant_id: nobody })),
    })),
  )(reference);
  return altered(stored, {
    async run(tenantId, runId) {
      const run = await reference.run(nobody, runId);
      return run === null ? null : { ...run, tenant_id: tenantId };
    },
    runs: async (query) => named(await reference.runs({ ...query, tenant_id: nobody }), query.tenant_id),
    tasks: async (query) => named(await reference.tasks({ ...query, tenant_id: nobody }), query.tenant_id),
  });
}

const tenantAndCloseMutants: readonly Mutant<RunIndex>[] = [
  { name: 'tenants share their rows', law: 'I3', mutate: forEverybody },
  {
    name: 'a task is found by its id alone',
    law: 'I3 a tenant finds',
    mutate: (reference) =>
      altered(reference, {
        task: async (tenantId, taskId) =>
          (await reference.task(tenantId, taskId)) ?? (await reference.task('acme', taskId)),
      }),
  },
  {
    name: 'a cursor remembers its tenant',
    law: 'I3 with the cursor',
    mutate(reference) {
      const tenants = new Map<string, string>();
      return altered(reference, {
        async runs(query) {
          const tenantId = tenants.get(query.cursor ?? '') ?? query.tenant_id;
          const page = await reference.runs({ ...query, tenant_id: tenantId });
          if (page.cursor !== null) tenants.set(page.cursor, tenantId);
          return page;
        },
      });
    },
  },
  {
    name: 'gives out the rows it keeps',
    law: 'I5 rows are copied',
    mutate(reference) {
      const kept = new Map<string, RunRow | null>();
      return altered(reference, {
        async run(tenantId, runId) {
          const run = kept.get(runId) ?? (await reference.run(tenantId, runId));
          kept.set(runId, run);
          return run;
        },
      });
    },
  },
  {
    name: 'keeps the rows it was given',
    law: 'I5 rows are copied',
    mutate(reference) {
      const kept = new Map<string, HumanTask>();
      return altered(reference, {
        apply(changes) {
          for (const task of changes.flatMap(({ tasks }) => tasks)) kept.set(task.task_id, task);
          return reference.apply(changes);
        },
        task: async (_, taskId) => kept.get(taskId) ?? null,
      });
    },
  },
  {
    name: 'clears nothing',
    law: 'I7 after clear',
    mutate: (reference) => altered(reference, { clear: async () => void (await reference.position(0)) }),
  },
  {
    name: 'clears the lists and keeps the positions',
    law: 'I7 after clear',
    mutate(reference) {
      const kept = new Map<number, number>();
      return altered(reference, {
        apply(changes) {
          const later = changes.filter(({ partition, position }) => position > (kept.get(partition) ?? 0));
          for (const { partition, position } of later) kept.set(partition, position);
          return reference.apply(later);
        },
        position: async (partition) => kept.get(partition) ?? (await reference.position(partition)),
      });
    },
  },
  {
    name: 'clears after what came after it',
    law: 'I7 clear affects',
    mutate: (reference) =>
      altered(reference, {
        async clear() {
          await new Promise((resolve) => setImmediate(resolve));
          await reference.clear();
        },
      }),
  },
  {
    name: 'keeps the tasks of redacted runs',
    law: 'I9 the row',
    mutate(reference) {
      const marked = new Set<string>();
      const shown = (row: RunRow): RunRow =>
        marked.has(`${row.tenant_id}/${row.run_id}`) ? { ...row, redacted: true } : row;
      return altered(reference, {
        async apply(changes) {
          const bare = changes.map((change) => ({
            ...change,
            runs: change.runs.map(({ redacted, ...row }) => {
              if (redacted === true) marked.add(`${row.tenant_id}/${row.run_id}`);
              return row;
            }),
          }));
          await reference.apply(bare);
        },
        async run(tenantId, runId) {
          const row = await reference.run(tenantId, runId);
          return row === null ? null : shown(row);
        },
        async runs(query) {
          const page = await reference.runs(query);
          return { ...page, rows: page.rows.map(shown) };
        },
      });
    },
  },
  { name: 'errors have no code', law: 'I5 after close', mutate: withoutCode },
  {
    name: 'is read after close',
    law: 'I5 after close',
    mutate: (reference) =>
      altered(reference, { position: (partition) => reference.position(partition).catch(() => 0) }),
  },
];

spec('broken run indexes', (test) => {
  mutantsDie(test, 'index', runIndexConformance, [...applyMutants, ...listMutants, ...tenantAndCloseMutants]);
});
