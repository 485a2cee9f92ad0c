/** Conformance suite of `PubSub`; numbers as in contracts/src/ports/pub-sub.ts. */
import * as assert from 'node:assert/strict';
import type { Json, PubSub } from '@llmteam/contracts';
import { type Kit, withPort } from './kit.js';

/** The messages a subscriber received. */
function subscribed(pubSub: PubSub, subject: string): { readonly received: Json[]; readonly leave: () => void } {
  const received: Json[] = [];
  return { received, leave: pubSub.subscribe(subject, (message) => void received.push(message)) };
}

export function pubSubConformance(kit: Kit<PubSub>): void {
  const { test } = kit;

  test('S1 every subscriber of the subject gets every message once, in order', () =>
    withPort(kit, async (pubSub, { advance }) => {
      const [one, other] = [subscribed(pubSub, 'live.a'), subscribed(pubSub, 'live.a')];
      for (let index = 0; index < 50; index += 1) pubSub.publish('live.a', { index });
      await advance(1);
      const expected = Array.from({ length: 50 }, (_, index) => ({ index }));
      assert.deepEqual(one.received, expected);
      assert.deepEqual(other.received, expected);
    }));

  test('S1 messages published before subscribing or on other subjects are not delivered', () =>
    withPort(kit, async (pubSub, { advance }) => {
      pubSub.publish('live.a', 'early');
      await advance(1);
      const { received } = subscribed(pubSub, 'live.a');
      pubSub.publish('live.b', 'foreign');
      pubSub.publish('live.a.b', 'longer');
      pubSub.publish('live', 'shorter');
      pubSub.publish('live.a', 'mine');
      await advance(1);
      assert.deepEqual(received, ['mine']);
    }));

  test('S2 a subscriber that throws affects neither the publisher nor another subscriber', () =>
    withPort(kit, async (pubSub, { advance }) => {
      pubSub.subscribe('a', () => {
        throw new Error('on purpose');
      });
      const { received } = subscribed(pubSub, 'a');
      pubSub.publish('a', 1);
      pubSub.publish('a', 2);
      await advance(1);
      assert.deepEqual(received, [1, 2]);
    }));

  test('S2 a subscriber that changes a message does not affect the others', () =>
    withPort(kit, async (pubSub, { advance }) => {
      pubSub.subscribe('a', (message) => void Object.assign(message as object, { spoilt: true }));
      const { received } = subscribed(pubSub, 'a');
      const message = { text: 'x' };
      pubSub.publish('a', message);
      await advance(1);
      assert.deepEqual(received, [{ text: 'x' }]);
      assert.deepEqual(message, { text: 'x' });
    }));

  test('S3 after unsubscribing nothing more arrives, and other subscribers are unaffected', () =>
    withPort(kit, async (pubSub, { advance }) => {
      const [goes, stays] = [subscribed(pubSub, 'a'), subscribed(pubSub, 'a')];
      pubSub.publish('a', 1);
      await advance(1);
      goes.leave();
      goes.leave();
      pubSub.publish('a', 2);
      await advance(1);
      assert.deepEqual(goes.received, [1]);
      assert.deepEqual(stays.received, [1, 2]);
    }));

  test('after close nothing arrives, publishing is a no-op and close may be called again', () =>
    withPort(kit, async (pubSub, { advance }) => {
      const { received } = subscribed(pubSub, 'a');
      await pubSub.close();
      pubSub.publish('a', 1);
      await advance(1);
      assert.deepEqual(received, []);
      await pubSub.close();
    }));
}
