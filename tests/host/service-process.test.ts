// own process: signals itself
import { LlmteamError } from '@llmteam/contracts';
import { type OpenService, runService } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';

interface Ran {
  readonly closed: string[];
  readonly left: string[];
  run(open: (service: OpenService) => Promise<void>): ReturnType<typeof runService>;
  signal(name: 'SIGTERM' | 'SIGINT'): void;
}

function withProcess(use: (ran: Ran) => Promise<void>): Promise<void> {
  const closed: string[] = [];
  const left: string[] = [];
  const options = { log: quietLogger, closeMs: 50, leave: () => void left.push('left') };
  return use({
    closed,
    left,
    run: (open) => runService(options, open),
    signal: (name) => void process.emit(name, name),
  });
}

function opens(service: OpenService, closed: string[], ...names: string[]): void {
  for (const name of names) service.lifecycle.opens(name, async () => void closed.push(name));
}

spec('service process', (test) => {
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    test(`${name} closes what was opened, in reverse order, and the process has stopped`, () =>
      withProcess(async ({ run, closed, left, signal }) => {
        const listeners = process.listenerCount(name);
        const end = run(async (service) => {
          opens(service, closed, 'backend', 'loops', 'health');
          setImmediate(() => signal(name));
        });
        assert.is(await end, 'stopped');
        assert.equal(closed, ['health', 'loops', 'backend']);
        assert.equal(left, []);
        assert.is(process.listenerCount(name), listeners);
      }));
  }

  test('a second signal leaves at once', () =>
    withProcess(async ({ run, left, signal }) => {
      const end = run(async ({ lifecycle }) => {
        lifecycle.opens('slow', () => new Promise((resolve) => setTimeout(resolve, 10)));
        setImmediate(() => {
          signal('SIGTERM');
          signal('SIGINT');
        });
      });
      await end;
      assert.equal(left, ['left']);
    }));

  test('what cannot be closed in time or at all holds up nothing else', () =>
    withProcess(async ({ run, closed, signal }) => {
      const end = run(async (service) => {
        opens(service, closed, 'backend');
        service.lifecycle.opens('hangs', () => new Promise(() => undefined));
        service.lifecycle.opens('throws', () => Promise.reject(new Error('no')));
        opens(service, closed, 'health');
        setImmediate(() => signal('SIGTERM'));
      });
      assert.is(await end, 'stopped');
      assert.equal(closed, ['health', 'backend']);
    }));

  test('what needs longer to close may say so', () =>
    withProcess(async ({ run, closed, signal }) => {
      const end = run(async ({ lifecycle }) => {
        const drain = () =>
          new Promise<void>((resolve) => setTimeout(resolve, 150)).then(() => void closed.push('jobs'));
        lifecycle.opens('jobs', drain, 5_000);
        setImmediate(() => signal('SIGTERM'));
      });
      await end;
      assert.equal(closed, ['jobs']);
    }));

  test('a failure later on closes everything and has failed; one at the start is thrown, after closing', () =>
    withProcess(async ({ run, closed }) => {
      const end = await run(async (service) => {
        opens(service, closed, 'backend');
        setImmediate(() => service.fail(new Error('lost')));
      });
      assert.is(end, 'failed');
      assert.equal(closed, ['backend']);
      const refused = run(async (service) => {
        opens(service, closed, 'half');
        throw new Error('no server');
      });
      assert.is(await refused.catch((error: Error) => error.message), 'no server');
      assert.equal(closed, ['backend', 'half']);
    }));

  test('what loses its server while it opens is closed and opened anew, for as long as the patience lasts', () =>
    withProcess(async ({ run, closed, signal }) => {
      const tries = { made: 0 };
      const lost = new LlmteamError('BACKEND_UNREACHABLE', 'there is no connection');
      const end = run(async (service) => {
        tries.made += 1;
        opens(service, closed, `backend ${tries.made}`);
        if (tries.made === 1) throw lost;
        setImmediate(() => signal('SIGTERM'));
      });
      assert.is(await end, 'stopped');
      assert.equal(closed, ['backend 1', 'backend 2']);
      const options = { log: quietLogger, closeMs: 50, leave: () => undefined, patienceMs: 0 };
      const refused = runService(options, () => Promise.reject(lost));
      assert.is(await refused.catch((error: unknown) => error), lost);
    }));

  test('a signal while it still opens closes what is open so far', () =>
    withProcess(async ({ run, closed, signal }) => {
      const end = run(async (service) => {
        opens(service, closed, 'backend');
        setImmediate(() => signal('SIGTERM'));
        await new Promise(() => undefined);
      });
      assert.is(await end, 'stopped');
      assert.equal(closed, ['backend']);
    }));
});
