/** The NATS backend as the conformance suites want it: a real server, and an installation of its own for every test. */
import { setTimeout as sleep } from 'node:timers/promises';
import { system_clock } from '@llmteam/backend-embedded';
import { default_settings, open_nats_backend } from '@llmteam/backend-nats';
import type { Backend, RunIndex } from '@llmteam/contracts';
import { quiet_logger } from '../support/quiet-logger.js';
import type { Opened } from './kit.js';
import { open_memory_backend } from '@llmteam/backend-embedded';
