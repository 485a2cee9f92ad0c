import { LlmteamError } from '@llmteam/contracts';
import type { KeyRing } from '../keys/key-ring.js';

export type NotReady = () => readonly string[];

const starting = 'it is starting';
const stopping = 'it is stopping';

/** Whether requests can be served, and whether more should be sent here: not once the gateway is told to stop, though it goes on serving. */
export class Readiness {
  private state: 'new' | 'open' | 'draining' | 'closed' = 'new';

  constructor(
    private readonly keys: Pick<KeyRing, 'isReady'>,
    /** What backend and run index lack. */
    private readonly backend: NotReady,
  ) {}

  /** Requests are served. */
  get isOpen(): boolean {
    return (this.state === 'open' || this.isDraining) && this.lacks().length === 0;
  }

  /** It is stopping, and still serves requests. */
  get isDraining(): boolean {
    return this.state === 'draining';
  }

  /** Why no more requests should be sent here; empty if it is ready. */
  reasons(): readonly string[] {
    if (this.state === 'open') return this.lacks();
    return [this.state === 'new' ? starting : stopping, ...this.lacks()];
  }

  /** Of a request that cannot be served now. */
  refusal(): LlmteamError {
    return new LlmteamError('NOT_READY', `the gateway is not ready: ${this.reasons().join('; ')}`);
  }

  /** No-op once it is stopping. */
  open(): void {
    if (this.state === 'new') this.state = 'open';
  }

  /** Returns false if it was not open. */
  drain(): boolean {
    if (this.state !== 'open') return false;
    this.state = 'draining';
    return true;
  }

  /** Returns false if it was closed before. */
  close(): boolean {
    if (this.state === 'closed') return false;
    this.state = 'closed';
    return true;
  }

  private lacks(): readonly string[] {
    return [...this.backend(), ...(this.keys.isReady ? [] : ['the API keys are not loaded'])];
  }
}
