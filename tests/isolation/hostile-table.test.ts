// timeout: 600
// takes: 50
/** The table of docs/isolation.md in the embedded runtime: all rows at once, in all modes, beside each other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { EmbeddedRuntime } from '@llmteam/embedded';
import { defineSegment } from '@llmteam/kernel';
import { type Config, loadConfig, systemClock } from '@llmteam/service-host';
import { recordingLogger } from '../support/recording-logger.js';
import { spec } from '../support/spec.js';
import { assertEnds, hostileEnvironment, hostileInput, hostileSegment, writeHostile } from './support/hostile-scene.js';

spec('the table of isolation', (test) => {
  test(
    'holds in a runtime with plugins of every mode, all rows at once',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'llmteam-hostile-'));
      const clock = systemClock();
      const logged: string[] = [];
      const config = {
        ...loadConfig(null, hostileEnvironment),
        folder,
        file: writeHostile(folder),
      } as unknown as Config;
      const openBackend = () => openMemoryBackend({ clock });
      // A process of LLMTeam has no such listener; the one of the tests would get what is to be traced.
      const listeners = process.listeners('unhandledRejection');
      process.removeAllListeners('unhandledRejection');
      const runtime = await EmbeddedRuntime.open({ config, clock, log: recordingLogger(logged), openBackend });
      try {
        await runtime.drive([]);
        const definition = await runtime.definitions.put(defineSegment(hostileSegment(), runtime.catalog));
        const key = { tenant_id: 'acme', run_id: 'hostile' };
        await runtime.runs.start({ ...key, definition, input: hostileInput, timeout_seconds: null });
        const { output, status, error } = await runtime.result(key);
        const { steps } = await runtime.runs.show(key);
        assertEnds({ output, status, error, steps });
      } finally {
        await runtime.close();
        for (const listener of listeners) process.on('unhandledRejection', listener);
        rmSync(folder, { recursive: true, force: true });
      }
    },
    { timeoutMs: 290_000 },
  );
});
