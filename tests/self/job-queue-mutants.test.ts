import type { Delivery, Job, JobQueue, QueueDepth } from '@llmteam/contracts';
import type { Kit } from '@llmteam/testing';
import { type JobQueueKit, jobQueueConformance } from '@llmteam/testing';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { counter, leaseMs, type Mutant, mutantsDie, withoutCode } from './mutants.js';

/** A queue whose deliveries pass through `change` before they are handled. */
function handingOut(reference: JobQueue, change: (delivery: Delivery) => Delivery): JobQueue {
  return altered(reference, {
    consume: (queue, options, handle) => reference.consume(queue, options, (delivery) => handle(change(delivery))),
  });
}

/** Makes job ids unique with `mark` and restores them on delivery; null means the job is not published. */
function renaming(
  reference: JobQueue,
  mark: (job: Job) => string | null,
  onAck: (job: Job) => void = () => undefined,
): JobQueue {
  const shown = (delivery: Delivery): Delivery => {
    const job = { ...delivery.job, job_id: delivery.job.job_id.replace(/~\d*$/, '') };
    return altered(delivery, {
      job,
      ack() {
        onAck(job);
        return delivery.ack();
      },
    });
  };
  return altered(handingOut(reference, shown), {
    publish: (jobs) =>
      reference.publish(
        jobs.flatMap((job) => {
          const suffix = mark(job);
          return suffix === null ? [] : [{ ...job, job_id: `${job.job_id}~${suffix}` }];
        }),
      ),
  });
}

function withConcurrency(change: (concurrency: number) => number) {
  return (reference: JobQueue): JobQueue =>
    altered(reference, {
      consume: (queue, { concurrency }, handle) =>
        reference.consume(queue, { concurrency: change(concurrency) }, handle),
    });
}

/** A queue that tells `change` of what it holds. */
function telling(change: (depth: QueueDepth) => QueueDepth) {
  return (reference: JobQueue): JobQueue =>
    altered(reference, {
      depth: async (queues) =>
        new Map([...(await reference.depth(queues))].map(([queue, depth]) => [queue, change(depth)])),
    });
}

const mutants: readonly Mutant<JobQueue>[] = [
  {
    name: 'the last job comes first',
    law: 'Q1 jobs',
    mutate: (reference) => altered(reference, { publish: (jobs) => reference.publish([...jobs].reverse()) }),
  },
  {
    name: 'every consumer gets every job',
    law: 'Q1 a job is delivered to exactly one',
    mutate(reference) {
      const handlers: ((delivery: Delivery) => void)[] = [];
      return altered(reference, {
        consume(queue, options, handle) {
          handlers.push(handle);
          return reference.consume(queue, options, (delivery) => {
            for (const each of handlers) each(delivery);
          });
        },
      });
    },
  },
  {
    name: 'loses what is published before there is a consumer',
    law: 'Q1 jobs',
    mutate(reference) {
      let consumers = 0;
      return altered(reference, {
        publish: async (jobs) => (consumers > 0 ? reference.publish(jobs) : undefined),
        consume(queue, options, handle) {
          consumers += 1;
          return reference.consume(queue, options, handle);
        },
      });
    },
  },
  {
    name: 'queues the same id as often as it is published',
    law: 'Q2',
    mutate: (reference) => renaming(reference, counter()),
  },
  {
    name: 'forgets an id when its job is handed out',
    law: 'Q2 a delivered job',
    mutate(reference) {
      const handedOut = new Map<string, number>();
      return handingOut(
        renaming(reference, (job) => String(handedOut.get(job.job_id) ?? 0)),
        (delivery) => {
          const { job_id } = delivery.job;
          handedOut.set(job_id, (handedOut.get(job_id) ?? 0) + 1);
          return delivery;
        },
      );
    },
  },
  {
    name: 'never forgets an id',
    law: 'Q2 once',
    mutate(reference) {
      const seen = new Set<string>();
      return altered(reference, {
        publish(jobs) {
          const fresh = jobs.filter((job) => !seen.has(job.job_id));
          for (const job of fresh) seen.add(job.job_id);
          return reference.publish(fresh);
        },
      });
    },
  },
  { name: 'hands out one more than was asked for', law: 'Q3', mutate: withConcurrency((asked) => asked + 1) },
  { name: 'hands out one at a time', law: 'Q3', mutate: withConcurrency(() => 1) },
  {
    name: 'forgets a job once it is handed out, so a lost one stays lost',
    law: 'Q4',
    mutate: (reference) =>
      handingOut(reference, (delivery) => {
        void delivery.ack();
        return altered(delivery, { ack: async () => undefined });
      }),
  },
  {
    name: 'does not count deliveries',
    law: 'Q4',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { deliveries: 1 })),
  },
  {
    name: 'does not hear acknowledgements',
    law: 'Q4 an acked job',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { ack: async () => undefined })),
  },
  {
    name: 'does not hear that a worker is alive',
    law: 'Q4 a job whose lease',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { extend: async () => undefined })),
  },
  {
    name: 'an extended lease never ends',
    law: 'Q4 an extended lease',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { extend: () => delivery.ack() })),
  },
  {
    name: 'the lease is shorter than agreed',
    law: 'Q4 an unacked job',
    mutate: (reference, clock) =>
      handingOut(reference, (delivery) => {
        clock.after(leaseMs / 4, () => void delivery.nak());
        return delivery;
      }),
  },
  {
    name: 'what is given back is gone',
    law: 'Q4 a nacked job',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { nak: () => delivery.ack() })),
  },
  {
    name: 'what is given back with a delay comes at once',
    law: 'Q4 a nacked job with a delay',
    mutate: (reference) => handingOut(reference, (delivery) => altered(delivery, { nak: () => delivery.nak() })),
  },
  {
    name: 'major versions share a queue',
    law: 'Q5',
    mutate: (reference) =>
      altered(reference, {
        publish: (jobs) => reference.publish(jobs.map((job) => ({ ...job, type_version: '1.0.0' }))),
        consume: (queue, options, handle) => reference.consume(queue.replace(/@.*/, '@1'), options, handle),
      }),
  },
  {
    name: 'an id is known in all queues',
    law: 'Q5',
    mutate(reference) {
      const held = new Set<string>();
      return renaming(
        reference,
        ({ job_id }) => {
          if (held.has(job_id)) return null;
          held.add(job_id);
          return '';
        },
        ({ job_id }) => void held.delete(job_id),
      );
    },
  },
  {
    name: 'withdraws nothing',
    law: 'Q6',
    mutate: (reference) => altered(reference, { withdraw: async () => undefined }),
  },
  {
    name: 'withdraws every job there is',
    law: 'Q6 withdraw removes the given jobs',
    mutate(reference) {
      const published = new Set<string>();
      return altered(reference, {
        publish(jobs) {
          for (const { job_id } of jobs) published.add(job_id);
          return reference.publish(jobs);
        },
        withdraw: () => reference.withdraw([...published]),
      });
    },
  },
  {
    name: 'a withdrawn id stays taken',
    law: 'Q6 a withdrawn job',
    mutate(reference) {
      const withdrawn = new Set<string>();
      return altered(reference, {
        publish: (jobs) => reference.publish(jobs.filter(({ job_id }) => !withdrawn.has(job_id))),
        withdraw(jobIds) {
          for (const jobId of jobIds) withdrawn.add(jobId);
          return reference.withdraw(jobIds);
        },
      });
    },
  },
  {
    name: 'tells nothing of a queue that nobody has used',
    law: 'Q8 a queue that nobody has used',
    mutate: (reference) =>
      altered(reference, {
        depth: async (queues) =>
          new Map([...(await reference.depth(queues))].filter(([, depth]) => depth.queued + depth.in_flight > 0)),
      }),
  },
  {
    name: 'counts the jobs of all queues for each',
    law: 'Q8 jobs are counted by queue',
    mutate: (reference) =>
      altered(reference, {
        depth: async (queues) => {
          const all = await reference.depth(['llm_agent@1', 'llm_agent@2', 'http_action@1']);
          const queued = [...all.values()].reduce((sum, one) => sum + one.queued, 0);
          return new Map(
            [...(await reference.depth(queues))].map(([queue, depth]) => [queue, { ...depth, queued }] as const),
          );
        },
      }),
  },
  {
    name: 'counts jobs in flight as queued',
    law: 'Q8 jobs are counted by queue',
    mutate: telling((depth) => ({ ...depth, queued: depth.queued + depth.in_flight })),
  },
  {
    name: 'counts withdrawn jobs',
    law: 'Q8 withdrawn jobs',
    mutate(reference) {
      let withdrawn = 0;
      return altered(reference, {
        withdraw(jobIds) {
          withdrawn += jobIds.length;
          return reference.withdraw(jobIds);
        },
        depth: async (queues) =>
          new Map(
            [...(await reference.depth(queues))].map(
              ([queue, depth]) => [queue, { ...depth, queued: depth.queued + withdrawn }] as const,
            ),
          ),
      });
    },
  },
  {
    name: 'counts a nacked job twice',
    law: 'Q8 a nacked job',
    mutate: telling((depth) => (depth.queued === 1 && depth.in_flight === 0 ? { ...depth, in_flight: 1 } : depth)),
  },
  {
    name: 'tells the age of the newest job',
    law: 'Q8 the oldest',
    mutate(reference) {
      let newest: number | null = null;
      return altered(
        telling((depth) => ({ ...depth, oldest_queued_at: depth.queued === 0 ? null : newest }))(reference),
        {
          publish: async (jobs) => {
            await reference.publish(jobs);
            newest = (newest ?? 0) + 20;
          },
        },
      );
    },
  },
  {
    name: 'tells an age where nothing is queued',
    law: 'Q8 a queue that nobody has used',
    mutate: telling((depth) => ({ ...depth, oldest_queued_at: depth.oldest_queued_at ?? 0 })),
  },
  {
    name: 'stop does not wait for what is handed out',
    law: 'a stopping consumer',
    mutate: (reference) =>
      altered(reference, {
        async consume(queue, options, handle) {
          const consumer = await reference.consume(queue, options, handle);
          return { stop: () => consumer.stop(AbortSignal.abort()) };
        },
      }),
  },
  {
    name: 'stop does not stop',
    law: 'a stopping consumer',
    mutate: (reference) =>
      altered(reference, {
        async consume(queue, options, handle) {
          await reference.consume(queue, options, handle);
          return { stop: async () => undefined };
        },
      }),
  },
  {
    name: 'stop does not hear its signal',
    law: 'stop resolves',
    mutate: (reference) =>
      altered(reference, {
        async consume(queue, options, handle) {
          const consumer = await reference.consume(queue, options, handle);
          return { stop: () => consumer.stop() };
        },
      }),
  },
  { name: 'errors have no code', law: 'Q7', mutate: withoutCode },
  {
    name: 'takes jobs after close',
    law: 'Q7',
    mutate: (reference) => altered(reference, { publish: (jobs) => reference.publish(jobs).catch(() => undefined) }),
  },
];

spec('broken job queues', (test) => {
  const suite = (kit: Kit<JobQueue>) => {
    const queueKit: JobQueueKit = { ...kit, leaseMs };
    jobQueueConformance(queueKit);
  };
  mutantsDie(test, 'queue', suite, mutants);
});
