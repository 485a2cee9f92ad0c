import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { rejectsWith } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder, withStore } from './store-folder.js';

async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

spec('blobs as files', (test) => {
  test('a blob is one file, named by its hash, beneath the first two digits of it', () =>
    withFolder((folder) =>
      withStore(folder, async ({ blobs }) => {
        const hash = await blobs.put(Buffer.from('hello'));
        await Promise.all([blobs.put(Buffer.from('hello')), blobs.put(Buffer.from('hello'))]);
        const digits = hash.slice('sha256:'.length);
        const file = join(folder, 'blobs', digits.slice(0, 2), digits);
        assert.equal(await filesBelow(join(folder, 'blobs')), [file]);
        assert.is(await readFile(file, 'utf8'), 'hello');
      }),
    ));

  test('blobs that a crash left half written are gone after the next opening', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'blobs', 'tmp'), { recursive: true });
      await writeFile(join(folder, 'blobs', 'tmp', '7'), 'half');
      await withStore(folder, async ({ blobs }) => {
        assert.equal(await filesBelow(join(folder, 'blobs')), []);
        await Promise.all(Array.from({ length: 20 }, (_, index) => blobs.put(Buffer.from(`b${index}`))));
        assert.is((await filesBelow(join(folder, 'blobs'))).length, 20);
      });
    }));

  test('a name that is no hash leads to no file, though there be one', () =>
    withFolder((folder) =>
      withStore(folder, async ({ blobs }) => {
        await writeFile(join(folder, 'blobs', 'secret'), 'x');
        for (const name of ['secret', '../journal.db', 'sha256:../secret', `sha256:${'../'.repeat(21)}x`]) {
          assert.is(await blobs.has(name), false);
          await rejectsWith('BLOB_MISSING', () => blobs.get(name));
        }
      }),
    ));

  test('a truncated blob is STORE_CORRUPT, and putting the bytes again mends it', () =>
    withFolder((folder) =>
      withStore(folder, async ({ blobs }) => {
        const hash = await blobs.put(Buffer.from('hello'));
        const [file = ''] = await filesBelow(join(folder, 'blobs'));
        await writeFile(file, 'hel');
        await rejectsWith('STORE_CORRUPT', () => blobs.get(hash));
        await blobs.put(Buffer.from('hello'));
        assert.is(Buffer.from(await blobs.get(hash)).toString(), 'hello');
      }),
    ));
});
