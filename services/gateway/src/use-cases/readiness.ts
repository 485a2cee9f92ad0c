import type { KeyRing } from '../keys/key-ring.js';

/** Whether requests can be served: the gateway is open, the API keys are loaded, and backend and run index are up. */
export class Readiness {
  private state: 'new' | 'open' | 'closed' = 'new';

  constructor(
    private readonly keys: Pick<KeyRing, 'isReady'>,
    private readonly isBackendReady: () => boolean,
  ) {}

  get isOpen(): boolean {
    return this.state === 'open' && this.keys.isReady && this.isBackendReady();
  }

  /** No-op after `close`. */
  open(): void {
    if (this.state === 'new') this.state = 'open';
  }

  /** Returns false if it was closed before. */
  close(): boolean {
    if (this.state === 'closed') return false;
    this.state = 'closed';
    return true;
  }
}
