import type { Json, PubSub } from '@llmteam/contracts';
import { pubSubConformance } from '@llmteam/testing';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { type Mutant, mutantsDie } from './mutants.js';

type Receive = (message: Json) => void;

/** Subscribers are called through `wrap`. */
function receivedBy(wrap: (receive: Receive) => Receive) {
  return (reference: PubSub): PubSub =>
    altered(reference, { subscribe: (subject, receive) => reference.subscribe(subject, wrap(receive)) });
}

/** A separate fan-out that calls each subscriber through `call`. */
function fanOut(call: (receivers: readonly Receive[], message: Json) => void) {
  return (reference: PubSub): PubSub => {
    const subjects = new Map<string, Receive[]>();
    return altered(reference, {
      publish: (subject, message) => call(subjects.get(subject) ?? [], message),
      subscribe(subject, receive) {
        const receivers = subjects.get(subject) ?? [];
        subjects.set(subject, receivers);
        receivers.push(receive);
        return () => void receivers.splice(receivers.indexOf(receive) >>> 0, 1);
      },
      close: async () => subjects.clear(),
    });
  };
}

const mutants: readonly Mutant<PubSub>[] = [
  {
    name: 'every message comes twice',
    law: 'S1 every subscriber',
    mutate: receivedBy((receive) => (message) => {
      receive(message);
      receive(message);
    }),
  },
  {
    name: 'only the first subscriber hears',
    law: 'S1 every subscriber',
    mutate: fanOut((receivers, message) => receivers[0]?.(structuredClone(message))),
  },
  {
    name: 'a new subscriber hears the last message',
    law: 'S1 messages published',
    mutate(reference) {
      const last = new Map<string, Json>();
      return altered(reference, {
        publish(subject, message) {
          last.set(subject, message);
          reference.publish(subject, message);
        },
        subscribe(subject, receive) {
          const message = last.get(subject);
          if (message !== undefined) receive(message);
          return reference.subscribe(subject, receive);
        },
      });
    },
  },
  {
    name: 'a subject hears what is beneath it',
    law: 'S1 messages published',
    mutate: (reference) =>
      altered(reference, {
        publish(subject, message) {
          const parts = subject.split('.');
          for (const [index] of parts.entries()) reference.publish(parts.slice(0, index + 1).join('.'), message);
        },
      }),
  },
  {
    name: 'a subscriber that throws ends the fan-out',
    law: 'S2 a subscriber that throws',
    mutate: fanOut((receivers, message) => {
      for (const receive of receivers) receive(structuredClone(message));
    }),
  },
  {
    name: 'subscribers share the message',
    law: 'S2 a subscriber that changes',
    mutate: fanOut((receivers, message) => {
      for (const receive of receivers) receive(message);
    }),
  },
  {
    name: 'nobody can leave',
    law: 'S3',
    mutate: (reference) =>
      altered(reference, {
        subscribe(subject, receive) {
          reference.subscribe(subject, receive);
          return () => undefined;
        },
      }),
  },
  {
    name: 'who leaves takes the others along',
    law: 'S3',
    mutate(reference) {
      const leaves: (() => void)[] = [];
      return altered(reference, {
        subscribe(subject, receive) {
          leaves.push(reference.subscribe(subject, receive));
          return () => {
            for (const leave of leaves) leave();
          };
        },
      });
    },
  },
];

spec('broken signals', (test) => {
  mutantsDie(test, 'pubSub', pubSubConformance, mutants);
});
