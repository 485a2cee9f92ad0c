import { type Clock, isLlmteamError, type LanguageModel, type Usage } from '@llmteam/contracts';

/** A call of a model that is over. */
export interface ModelCall {
  readonly provider: string;
  readonly model: string;
  /** `cancelled`: its attempt was over before it answered. */
  readonly outcome: 'completed' | 'failed' | 'cancelled';
  readonly seconds: number;
  /** null if it told no token while it answered. */
  readonly first_token_seconds: number | null;
  /** Also of a call that failed, if the provider told it. */
  readonly usage: Usage | null;
}

/** A model whose calls are told. */
export function meteredModel(model: LanguageModel, clock: Clock, tell: (call: ModelCall) => void): LanguageModel {
  const { provider, model: name } = model;
  return {
    provider,
    model: name,
    generate: async (request) => {
      const begunAt = clock.now();
      const since = (): number => Math.max(0, clock.now() - begunAt) / 1_000;
      let firstToken: number | null = null;
      const { onToken } = request;
      const observed = (text: string): void => {
        firstToken ??= since();
        onToken?.(text);
      };
      const end = (outcome: ModelCall['outcome'], usage: Usage | null): void =>
        tell({ provider, model: name, outcome, seconds: since(), first_token_seconds: firstToken, usage });
      try {
        const response = await model.generate({ ...request, ...(onToken !== undefined && { onToken: observed }) });
        end('completed', response.usage);
        return response;
      } catch (thrown) {
        const usage = isLlmteamError(thrown) ? thrown.details?.usage : undefined;
        end(request.signal.aborted ? 'cancelled' : 'failed', (usage as Usage | undefined) ?? null);
        throw thrown;
      }
    },
  };
}
