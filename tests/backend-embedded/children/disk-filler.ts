/**
 * Fills a small disk, frees it and goes on; without something to remove it closes the store while the disk is full.
 * Arguments: folder on that disk, a file on it that may be removed.
 */
import { rmSync } from 'node:fs';
import type { Backend } from '@llmteam/contracts';
import { list_of } from '../../conformance/kit.js';
import { append_until_failure, code_of, note, open_store, run, tell } from './child.js';

async function fill({ journal, registry, blobs }: Backend) {
  const { kept, code } = await append_until_failure(journal, 20_000);
  return {
    kept,
    append: code,
    again: await code_of(journal.append(run, [note(`m${kept}`, 'x'.repeat(20_000))])),
    registry: await code_of(registry.put('large', 'x'.repeat(200_000))),
    blob: await code_of(blobs.put(Buffer.alloc(4_000_000))),
    readable: (await list_of(journal.read(run))).length,
  };
}

async function go_on({ journal, registry, blobs }: Backend, kept: number) {
  return {
    append: await code_of(journal.append(run, [note(`m${kept}`)])),
    registry: await code_of(registry.put('small', 1)),
    blob: await code_of(blobs.put(Buffer.alloc(1_000))),
  };
}

const ballast = process.argv[3];
const first = await open_store();
const full = await fill(first);
if (ballast === undefined) {
  tell({ full, closed: await code_of(first.close()) });
} else {
  rmSync(ballast);
  const freed = await go_on(first, full.kept);
  await first.close();
  const second = await open_store();
  const ids = (await list_of(second.journal.read(run))).map((entry) => entry.message_id);
  tell({ full, freed, ids, large: await second.registry.get('large') });
  await second.close();
}
