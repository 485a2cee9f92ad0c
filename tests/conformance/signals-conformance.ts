/** The laws of `Signals` (contracts/src/ports/signals.ts), numbered as there. */
import * as assert from 'node:assert/strict';
import type { Json, Signals } from '@llmteam/contracts';
import { type Kit, withPort } from './kit.js';

/** A list of what a subscriber received. */
function subscribed(signals: Signals, subject: string): { readonly received: Json[]; readonly leave: () => void } {
  const received: Json[] = [];
  return { received, leave: signals.subscribe(subject, (message) => void received.push(message)) };
}

export function signalsConformance(kit: Kit<Signals>): void {
  const { test } = kit;

  test('S1 every subscriber of the subject gets every message once, in order', () =>
    withPort(kit, async (signals, { advance }) => {
      const [one, other] = [subscribed(signals, 'live.a'), subscribed(signals, 'live.a')];
      for (let index = 0; index < 50; index += 1) signals.publish('live.a', { index });
      await advance(1);
      const expected = Array.from({ length: 50 }, (_, index) => ({ index }));
      assert.deepEqual(one.received, expected);
      assert.deepEqual(other.received, expected);
    }));

  test('S1 what was published before subscribing and on other subjects does not come', () =>
    withPort(kit, async (signals, { advance }) => {
      signals.publish('live.a', 'early');
      await advance(1);
      const { received } = subscribed(signals, 'live.a');
      signals.publish('live.b', 'foreign');
      signals.publish('live.a.b', 'longer');
      signals.publish('live', 'shorter');
      signals.publish('live.a', 'mine');
      await advance(1);
      assert.deepEqual(received, ['mine']);
    }));

  test('S2 a subscriber that throws disturbs neither the publisher nor another subscriber', () =>
    withPort(kit, async (signals, { advance }) => {
      signals.subscribe('a', () => {
        throw new Error('on purpose');
      });
      const { received } = subscribed(signals, 'a');
      signals.publish('a', 1);
      signals.publish('a', 2);
      await advance(1);
      assert.deepEqual(received, [1, 2]);
    }));

  test('S2 what a subscriber does to a message no other sees', () =>
    withPort(kit, async (signals, { advance }) => {
      signals.subscribe('a', (message) => void Object.assign(message as object, { spoilt: true }));
      const { received } = subscribed(signals, 'a');
      const message = { text: 'x' };
      signals.publish('a', message);
      await advance(1);
      assert.deepEqual(received, [{ text: 'x' }]);
      assert.deepEqual(message, { text: 'x' });
    }));

  test('S3 after unsubscribing nothing more arrives, and the others go on', () =>
    withPort(kit, async (signals, { advance }) => {
      const [goes, stays] = [subscribed(signals, 'a'), subscribed(signals, 'a')];
      signals.publish('a', 1);
      await advance(1);
      goes.leave();
      goes.leave();
      signals.publish('a', 2);
      await advance(1);
      assert.deepEqual(goes.received, [1]);
      assert.deepEqual(stays.received, [1, 2]);
    }));

  test('after close nothing arrives, publishing is harmless and close may be called again', () =>
    withPort(kit, async (signals, { advance }) => {
      const { received } = subscribed(signals, 'a');
      await signals.close();
      signals.publish('a', 1);
      await advance(1);
      assert.deepEqual(received, []);
      await signals.close();
    }));
}
