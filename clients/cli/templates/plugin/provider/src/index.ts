import { definePlugin, defineProvider, type LanguageModel, messageText, Type } from '@llmteam/plugin';

export const provider = defineProvider({
  id: 'plugin-template',
  description: 'Answers with the last message in capitals. Replace `generate` with a request to your service.',
  config: Type.Object(
    {
      model: Type.String({ default: 'echo-1', description: 'The name of the model at the service.' }),
      api_key: Type.Optional(Type.String({ writeOnly: true, description: 'The key of the service.' })),
    },
    { additionalProperties: false },
  ),
  create: ({ model }): LanguageModel => ({
    provider: 'plugin-template',
    model,
    async generate({ messages, signal, onToken }) {
      // Send the request with the `fetch` that is the second argument of `create`, and give it `signal`, so that it ends with the attempt.
      // Throw `LLM_FAILED` if it may be repeated, else `LLM_REFUSED`.
      signal.throwIfAborted();
      const texts = messages.map(messageText);
      const text = (texts.at(-1) ?? '').toUpperCase();
      onToken?.(text);
      const words = texts.flatMap((one) => one.split(/\s+/));
      return {
        text,
        model,
        finish_reason: 'stop',
        usage: { input_tokens: words.length, output_tokens: text.split(/\s+/).length },
      };
    },
  }),
});

export default definePlugin({ name: 'plugin-template', modelProviders: [provider] });
