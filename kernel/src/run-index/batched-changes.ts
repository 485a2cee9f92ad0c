/** Batches the changes that arrive while the previous batch is being written; of those with the same key, the last one counts. */
export class BatchedChanges<T> {
  private noted = new Map<string, T>();
  private applying: Promise<void> | null = null;
  private failure: unknown = null;

  constructor(
    private readonly apply: (changes: T[]) => Promise<void>,
    /** The rest of what was noted is forgotten then. */
    private readonly onFailure: () => void,
  ) {}

  get pending(): number {
    return this.noted.size;
  }

  note(key: string, change: T): void {
    this.noted.set(key, change);
    this.applying ??= this.applyAll();
  }

  /** Resolves once all changes are applied. @throws what `apply` threw since the last call */
  async applied(): Promise<void> {
    await this.applying;
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure;
  }

  /** Never rejects. */
  private async applyAll(): Promise<void> {
    try {
      while (this.noted.size > 0) {
        const changes = [...this.noted.values()];
        this.noted.clear();
        await this.apply(changes);
      }
    } catch (error) {
      this.failure = error;
      this.noted.clear();
      this.onFailure();
    } finally {
      this.applying = null;
    }
  }
}
