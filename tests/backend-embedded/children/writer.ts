/** Writes through every durable port until killed and reports each acknowledgement. Arguments: folder, mode, name. */
import { note, openStore, tell } from './child.js';

const name = process.argv[4] ?? '';
const { journal, kv, blobs, index } = await openStore(process.argv[3] === 'relaxed' ? 'relaxed' : 'full');

async function appendForEver(writer: number): Promise<never> {
  const run = { tenant_id: 'acme', run_id: `run-${writer}` };
  for (let count = 0; ; count += 1) {
    const ids = [`${name}-${count}-a`, `${name}-${count}-b`];
    const positions = await journal.append(
      run,
      ids.map((id) => note(id)),
    );
    tell({ run_id: run.run_id, ids, positions });
  }
}

async function putForEver(): Promise<never> {
  for (let count = 0; ; count += 1) {
    const revision = await kv.put('count', `${name}-${count}`);
    const hash = await blobs.put(Buffer.from(`${name}-${count}`.repeat(100)));
    const position = (await index.position(0)) + 1;
    await index.apply([{ partition: 0, position, runs: [], tasks: [] }]);
    tell({ revision, hash, position });
  }
}

await Promise.all([putForEver(), ...Array.from({ length: 8 }, (_, writer) => appendForEver(writer))]);
