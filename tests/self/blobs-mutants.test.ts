import { createHash } from 'node:crypto';
import { type Blobs, LlmteamError } from '@llmteam/contracts';
import { blobsConformance, type OpenedBlobs } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { aTurn, failures, type Mutant, mutantsDie, withoutCode } from './mutants.js';

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Bytes in a map next to the reference, so that the mutant decides what is stored and returned. */
function bytesBeside(
  reference: Blobs,
  keep: (bytes: Uint8Array) => Uint8Array,
  show: (bytes: Uint8Array) => Uint8Array,
): Blobs {
  const kept = new Map<string, Uint8Array>();
  return altered(reference, {
    put(bytes) {
      kept.set(sha256(bytes), keep(bytes));
      return reference.put(bytes);
    },
    async get(hash) {
      const found = await reference.get(hash);
      return show(kept.get(hash) ?? found);
    },
  });
}

const mutants: readonly Mutant<Blobs>[] = [
  {
    name: 'the hash is another one',
    law: 'B1 put returns',
    mutate: (reference) =>
      altered(reference, {
        put: async (bytes) => `sha256:${createHash('sha512').update(bytes).digest('hex').slice(0, 64)}`,
      }),
  },
  {
    name: 'the hash has no prefix',
    law: 'B1',
    mutate: (reference) => altered(reference, { put: async (bytes) => (await reference.put(bytes)).slice(7) }),
  },
  {
    name: 'the same bytes again are an error',
    law: 'B1 putting the same bytes',
    mutate(reference) {
      const seen = new Set<string>();
      return altered(reference, {
        async put(bytes) {
          const hash = await reference.put(bytes);
          if (seen.has(hash)) throw new LlmteamError('STORE_FAILED', 'there already');
          seen.add(hash);
          return hash;
        },
      });
    },
  },
  {
    name: 'what is missing is empty',
    law: 'B2 get of an unknown hash',
    mutate: (reference) => altered(reference, { get: (hash) => reference.get(hash).catch(() => new Uint8Array(0)) }),
  },
  {
    name: 'has everything',
    law: 'B2 get of an unknown hash',
    mutate: (reference) => altered(reference, { has: async () => true }),
  },
  {
    name: 'large values lose their end',
    law: 'B2 get returns',
    mutate: (reference) =>
      altered(reference, { get: async (hash) => (await reference.get(hash)).subarray(0, 1_000_000) }),
  },
  {
    name: 'keeps the bytes it was given',
    law: 'B2 put and get copy',
    mutate: (reference) =>
      bytesBeside(
        reference,
        (bytes) => bytes,
        (bytes) => Uint8Array.from(bytes),
      ),
  },
  {
    name: 'gives out the bytes it keeps',
    law: 'B2 put and get copy',
    mutate: (reference) =>
      bytesBeside(
        reference,
        (bytes) => Uint8Array.from(bytes),
        (bytes) => bytes,
      ),
  },
  {
    name: 'shows what is half written',
    law: 'B3',
    mutate(reference) {
      const halves = new Map<string, Uint8Array>();
      return altered(reference, {
        async put(bytes) {
          halves.set(sha256(bytes), bytes.slice(0, bytes.length / 2));
          await aTurn();
          await aTurn();
          halves.delete(sha256(bytes));
          return reference.put(bytes);
        },
        get: async (hash) => halves.get(hash) ?? reference.get(hash),
      });
    },
  },
  {
    name: 'removes nothing',
    law: 'B5',
    mutate: (reference) => altered(reference, { remove: async () => undefined }),
  },
  { name: 'errors have no code', law: 'B4', mutate: withoutCode },
  {
    name: 'says what it has after close',
    law: 'B4 after close',
    mutate: (reference) => altered(reference, { has: (hash) => reference.has(hash).catch(() => false) }),
  },
];

/** Blobs in a map that the test can damage. */
async function damageable(verified: boolean): Promise<OpenedBlobs> {
  const stored = new Map<string, Uint8Array>();
  const port: Blobs = {
    supports: { durable: false },
    async put(bytes) {
      stored.set(sha256(bytes), Uint8Array.from(bytes));
      return sha256(bytes);
    },
    async get(hash) {
      const bytes = stored.get(hash);
      if (bytes === undefined) throw new LlmteamError('BLOB_MISSING', hash);
      if (verified && sha256(bytes) !== hash) throw new LlmteamError('STORE_CORRUPT', hash);
      return Uint8Array.from(bytes);
    },
    has: async (hash) => stored.has(hash),
    remove: async (hash) => void stored.delete(hash),
    close: async () => undefined,
  };
  return {
    port,
    advance: async () => undefined,
    dispose: async () => undefined,
    damage: async (hash) => void stored.get(hash)?.reverse(),
  };
}

spec('broken blob stores', (test) => {
  mutantsDie(test, 'blobs', blobsConformance, mutants);

  test('B2 finds out: the bytes are not checked against the hash', async () => {
    const law = 'B2 damaged';
    assert.equal(await failures(blobsConformance, law, () => damageable(true)), []);
    assert.equal((await failures(blobsConformance, law, () => damageable(false))).length, 1);
  });
});
