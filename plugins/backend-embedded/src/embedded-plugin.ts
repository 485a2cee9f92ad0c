import { resolve } from 'node:path';
import { type BackendType, type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { openRunIndex } from './open-run-index.js';
import { openSqliteBackend } from './open-sqlite-backend.js';
import type { Synchronous } from './sqlite-file.js';

/** As `configSchema` describes them. */
interface Settings {
  readonly folder: string;
  readonly synchronous: Synchronous;
}

/** A store for one process: it keeps its own lists, and its jobs are lost with the process only. */
const embedded: BackendType = {
  configSchema: {
    type: 'object',
    properties: {
      folder: { type: 'string', minLength: 1, description: 'The folder of the store; created if absent.' },
      synchronous: {
        enum: ['full', 'relaxed'],
        default: 'full',
        description: 'full: acknowledged writes survive a power failure. relaxed: they survive a crash of the process.',
      },
    },
    required: ['folder'],
    additionalProperties: false,
  },
  open(settings, { folder: base, clock }) {
    const { folder, synchronous } = settings as unknown as Settings;
    return openSqliteBackend({ folder: resolve(base, folder), synchronous, clock });
  },
  openIndex: openRunIndex,
};

export const embeddedPlugin: Plugin = { name: 'backend-embedded', api: pluginApiVersion, backend: embedded };
