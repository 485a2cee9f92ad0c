import { type BackendType, type JsonObject, type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { findingsOf } from './findings.js';
import { inspectNats } from './inspection.js';
import { openNatsBackend } from './open-nats-backend.js';
import { settingsOf } from './settings.js';
import { natsSettings, type WrittenNatsSettings } from './settings-schema.js';

const nats: BackendType = {
  configSchema: natsSettings as unknown as JsonObject,
  open(written, { folder, name, clock, log, index, patienceMs, onJobsLost }) {
    const settings = settingsOf(written as WrittenNatsSettings, folder);
    return openNatsBackend({ settings, name, clock, log, index, patienceMs, onJobsLost });
  },
  async inspect(written, { folder, log }) {
    const settings = settingsOf(written as WrittenNatsSettings, folder);
    return findingsOf(await inspectNats(settings, log), settings);
  },
};

export const natsPlugin: Plugin = { name: 'backend-nats', api: pluginApiVersion, backend: nats };
