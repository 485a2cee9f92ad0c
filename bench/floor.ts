import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@llmteam/backend-embedded';
import { timeMs } from './measure.js';

/** As large as the journal entry of a no-op step's report. */
const body = JSON.stringify({
  type: 'step.reported',
  at: 1_767_225_600_000,
  step: 'step_1',
  attempt: 1,
  started_at: 1_767_225_600_000,
  worker: 'embedded-12345',
  ports: { output: {} },
});

/**
 * The baseline: bare SQLite appends of the same size on one connection, `synchronous=FULL`, `perCommit` per transaction.
 * Returns the total in milliseconds.
 */
export async function bareAppends(folder: string, appends: number, perCommit: number): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const db = await openDatabase(join(folder, `${process.hrtime.bigint()}.db`));
  db.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
  db.exec('CREATE TABLE IF NOT EXISTS entry(position INTEGER PRIMARY KEY, body TEXT)');
  const insert = db.prepare('INSERT INTO entry(body) VALUES(?)');
  const elapsed = await timeMs(() => {
    for (let done = 0; done < appends; done += perCommit) {
      db.exec('BEGIN IMMEDIATE');
      for (let place = 0; place < Math.min(perCommit, appends - done); place++) insert.run(body);
      db.exec('COMMIT');
    }
  });
  db.close();
  return elapsed;
}
