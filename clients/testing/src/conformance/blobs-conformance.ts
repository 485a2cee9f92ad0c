/** Conformance suite of `Blobs`; numbers as in contracts/src/ports/blobs.ts. */

import * as assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Blobs } from '@llmteam/contracts';
import { checkSupports, type Kit, type Opened, rejectsWith, withPort, withReopened } from './kit.js';

export interface OpenedBlobs extends Opened<Blobs> {
  /** Corrupts the stored bytes without changing their length. For adapters whose store is accessible. */
  readonly damage?: (hash: string) => Promise<void>;
}

export interface BlobsKit extends Kit<Blobs> {
  readonly open: () => Promise<OpenedBlobs>;
}

const text = (value: string) => new TextEncoder().encode(value);
const absent = `sha256:${'0'.repeat(64)}`;

function hashOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function blobsConformance(kit: BlobsKit): void {
  const { test } = kit;

  test('the flags of a blob store are known', () => withPort(kit, async (blobs) => checkSupports(blobs)));

  test('B1 put returns the hash of the bytes', () =>
    withPort(kit, async (blobs) => {
      for (const bytes of [text('hello'), new Uint8Array(0), new Uint8Array([0, 255, 10, 13])]) {
        assert.equal(await blobs.put(bytes), hashOf(bytes));
      }
    }));

  test('B1 putting the same bytes again, even concurrently, changes nothing', () =>
    withPort(kit, async (blobs) => {
      const hashes = await Promise.all(Array.from({ length: 20 }, () => blobs.put(text('same'))));
      hashes.push(await blobs.put(text('same')));
      assert.deepEqual(new Set(hashes), new Set([hashOf(text('same'))]));
      assert.deepEqual(await blobs.get(hashOf(text('same'))), text('same'));
    }));

  test('B1 blobs survive a reopen', () =>
    withReopened(
      kit,
      async (blobs) => void (await blobs.put(text('kept'))),
      async (blobs) => assert.deepEqual(await blobs.get(hashOf(text('kept'))), text('kept')),
    ));

  test('B2 get returns exactly the bytes, of any size', () =>
    withPort(kit, async (blobs) => {
      for (const size of [0, 1, 4_096, 1_000_003]) {
        const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 256);
        const got = await blobs.get(await blobs.put(bytes));
        assert.equal(Buffer.compare(got, bytes), 0);
      }
    }));

  test('B2 get of an unknown hash rejects with BLOB_MISSING, and has returns false', () =>
    withPort(kit, async (blobs) => {
      await blobs.put(text('something'));
      for (const hash of [absent, '', 'sha256:', '../../journal.db', `${absent}/..`, absent.toUpperCase()]) {
        await rejectsWith('BLOB_MISSING', () => blobs.get(hash));
        assert.equal(await blobs.has(hash), false);
      }
      assert.equal(await blobs.has(hashOf(text('something'))), true);
    }));

  test('B5 a removed blob is as if it had never been stored, and can be stored again', () =>
    withPort(kit, async (blobs) => {
      const [hash, other] = [await blobs.put(text('removed')), await blobs.put(text('other'))];
      await blobs.remove(hash);
      await blobs.remove(hash);
      await blobs.remove(absent);
      await blobs.remove('../../journal.db');
      assert.equal(await blobs.has(hash), false);
      await rejectsWith('BLOB_MISSING', () => blobs.get(hash));
      assert.deepEqual(await blobs.get(other), text('other'));
      assert.equal(await blobs.put(text('removed')), hash);
      assert.deepEqual(await blobs.get(hash), text('removed'));
    }));

  test('B2 damaged bytes are STORE_CORRUPT, and putting the blob again repairs it', () =>
    withPort(kit, async (blobs, opened: OpenedBlobs) => {
      if (opened.damage === undefined) return;
      const hash = await blobs.put(text('precious'));
      await opened.damage(hash);
      await rejectsWith('STORE_CORRUPT', () => blobs.get(hash));
      await blobs.put(text('precious'));
      assert.deepEqual(await blobs.get(hash), text('precious'));
    }));

  test('B2 put and get copy the bytes', () =>
    withPort(kit, async (blobs) => {
      const bytes = text('hello');
      const putting = blobs.put(bytes);
      bytes.fill(0);
      const hash = await putting;
      bytes.fill(1);
      const got = await blobs.get(hash);
      assert.deepEqual(got, text('hello'));
      got.fill(2);
      assert.deepEqual(await blobs.get(hash), text('hello'));
    }));

  test('B3 a blob that is being written is missing or complete, never partial', () =>
    withPort(kit, async (blobs) => {
      const bytes = new Uint8Array(8_000_000).fill(7);
      const hash = hashOf(bytes);
      const control = { through: false };
      const putting = blobs.put(bytes).finally(() => {
        control.through = true;
      });
      const looking = (async () => {
        while (!control.through) {
          const got = await blobs.get(hash).catch((error) => rejectsWith('BLOB_MISSING', () => Promise.reject(error)));
          assert.ok(!got || Buffer.compare(got, bytes) === 0);
          // A store that answers at once must not keep the rest of the process from running.
          await nextTurn();
        }
      })();
      for (const outcome of await Promise.allSettled([putting, looking])) {
        if (outcome.status === 'rejected') throw outcome.reason;
      }
      assert.equal((await blobs.get(hash)).length, bytes.length);
    }));

  test('B4 after close every method rejects with CLOSED, and close may be called again', () =>
    withPort(kit, async (blobs) => {
      const hash = await blobs.put(text('a'));
      await blobs.close();
      await rejectsWith('CLOSED', () => blobs.put(text('b')));
      await rejectsWith('CLOSED', () => blobs.get(hash));
      await rejectsWith('CLOSED', () => blobs.has(hash));
      await rejectsWith('CLOSED', () => blobs.remove(hash));
      await blobs.close();
    }));

  test('B4 a put issued before close is stored if it is acknowledged', () =>
    withReopened(
      kit,
      async (blobs) => {
        const putting = blobs.put(text('late'));
        await Promise.all([blobs.close(), putting]);
      },
      async (blobs) => assert.equal(await blobs.has(hashOf(text('late'))), true),
    ));
}
