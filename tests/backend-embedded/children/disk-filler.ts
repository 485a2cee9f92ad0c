/**
 * Fills a small disk, frees space and continues; without a file to remove it closes the store while the disk is full.
 * Arguments: folder on that disk, file on it that may be removed.
 */
import { rmSync } from 'node:fs';
import type { Backend } from '@llmteam/contracts';
import { listOf } from '../../conformance/kit.js';
import { appendUntilFailure, codeOf, note, openStore, run, tell } from './child.js';

async function fill({ journal, kv, blobs }: Backend) {
  const { kept, code } = await appendUntilFailure(journal, 20_000);
  return {
    kept,
    append: code,
    again: await codeOf(journal.append(run, [note(`m${kept}`, 'x'.repeat(20_000))])),
    registry: await codeOf(kv.put('large', 'x'.repeat(200_000))),
    blob: await codeOf(blobs.put(Buffer.alloc(4_000_000))),
    readable: (await listOf(journal.read(run))).length,
  };
}

async function goOn({ journal, kv, blobs }: Backend, kept: number) {
  return {
    append: await codeOf(journal.append(run, [note(`m${kept}`)])),
    registry: await codeOf(kv.put('small', 1)),
    blob: await codeOf(blobs.put(Buffer.alloc(1_000))),
  };
}

const ballast = process.argv[3];
const first = await openStore();
const full = await fill(first);
if (ballast === undefined) {
  tell({ full, closed: await codeOf(first.close()) });
} else {
  rmSync(ballast);
  const freed = await goOn(first, full.kept);
  await first.close();
  const second = await openStore();
  const ids = (await listOf(second.journal.read(run))).map((entry) => entry.message_id);
  tell({ full, freed, ids, large: await second.kv.get('large') });
  await second.close();
}
