/** The wire format that processes of different versions share. If an expectation changes, old and new versions cannot run side by side. */
import type { JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';
import { entry, job, newNamespace, withBackend } from './open-backend.js';

/** Subject and text of the last message of a stream. */
async function lastOf(url: string, stream: string): Promise<{ subject: string; text: string }> {
  const found = { subject: '', text: '' };
  await withRawClient(url, async ({ streams }) => {
    const { state } = await streams.info(stream);
    const message = await streams.getMessage(stream, { seq: state.last_seq });
    if (message === null) throw new Error(`${stream} is empty`);
    found.subject = message.subject;
    found.text = message.string();
  });
  return found;
}

spec('what the NATS backend stores', (test) => {
  test('a value is kept as {value}, one that expires as {value, ttl_ms}', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      const stream = `KV_${namespace.toUpperCase()}_REGISTRY`;
      await withBackend({ url, namespace }, async ({ kv }) => {
        await kv.put('leases/0', { owner: 'me' }, { ttlMs: 5_000 });
        assert.is((await lastOf(url, stream)).text, '{"value":{"owner":"me"},"ttl_ms":5000}');
        await kv.put('checkpoints/0', { position: 1 });
        assert.is((await lastOf(url, stream)).text, '{"value":{"position":1}}');
      });
    }));

  test('an append is the list of its entries, below a subject that names the run', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ journal }) => {
        const written = entry('m1', { a: 1 });
        await journal.append({ tenant_id: 'acme', run_id: 'run-1' }, [written]);
        const { subject, text } = await lastOf(url, `${namespace.toUpperCase()}_JOURNAL_0`);
        assert.is(subject, `${namespace}.journal.0.acme.run-1.s`);
        assert.is(text, JSON.stringify([written]));
      });
    }));

  test('a job is its fields, without those that follow from the others', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ queue }) => {
        const published = job('1');
        await queue.publish([published]);
        const { text } = await lastOf(url, `${namespace.toUpperCase()}_JOBS`);
        const stored = JSON.parse(text) as JsonObject;
        const derived = [
          'job_id',
          'idempotency_key',
          'step_id',
          'scope',
          'timeout_seconds',
          'deadline_at',
          'journal_start',
        ];
        const told = Object.entries(published).filter(([key]) => !derived.includes(key));
        assert.equal(stored, Object.fromEntries(told));
      });
    }));
});
