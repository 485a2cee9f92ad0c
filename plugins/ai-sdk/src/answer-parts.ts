import type { LanguageModelV3Content, LanguageModelV3StreamPart, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import type { ToolCall } from '@llmteam/contracts';
import { Thoughts } from './thoughts.js';

/** A part of an answer, with what the provider noted on it. */
export type KeptPart = { metadata?: SharedV3ProviderMetadata | undefined } & (
  | { readonly type: 'text'; text: string }
  | { readonly type: 'reasoning'; text: string }
  | { readonly type: 'tool-call'; readonly call: ToolCall }
);

type Prose = Extract<KeptPart, { readonly text: string }>;

/** Puts an answer together, in the order of its parts. Calls that the service makes itself, sources and files are left out. */
export class AnswerParts {
  readonly content: KeptPart[] = [];
  readonly #open = new Map<string, Prose>();
  readonly #thoughts: Thoughts | undefined;
  readonly #onToken: (text: string) => void;

  constructor(hasThinkTags: boolean, onToken: (text: string) => void = () => undefined) {
    this.#thoughts = hasThinkTags ? new Thoughts() : undefined;
    this.#onToken = onToken;
  }

  get text(): string {
    return this.#joined('text');
  }

  get reasoning(): string {
    return this.#joined('reasoning');
  }

  get calls(): readonly ToolCall[] {
    return this.content.flatMap((part) => (part.type === 'tool-call' ? [part.call] : []));
  }

  /** Adds a part of a whole answer. */
  add(part: LanguageModelV3Content): void {
    if (part.type === 'tool-call') this.#addCall(part);
    else if (part.type === 'text' || part.type === 'reasoning') {
      const prose = this.#begin(part.type, part.providerMetadata);
      this.#append(prose, part.text);
    }
  }

  /** Adds a part of a stream. Returns whether it is a token: something that the model wrote. */
  stream(part: LanguageModelV3StreamPart): boolean {
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
        this.#open.set(`${kindOf(part.type)} ${part.id}`, this.#begin(kindOf(part.type), part.providerMetadata));
        return false;
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end':
        return this.#continue(part);
      case 'tool-call':
        this.#addCall(part);
        return true;
      default:
        return part.type === 'tool-input-start' || part.type === 'tool-input-delta';
    }
  }

  /** The answer is complete. */
  end(): void {
    const rest = this.#thoughts?.end();
    if (rest !== undefined) this.#spread(this.#lastText(), rest);
  }

  #begin(type: Prose['type'], metadata: SharedV3ProviderMetadata | undefined): Prose {
    const prose: Prose = { type, text: '', metadata };
    this.content.push(prose);
    return prose;
  }

  #continue(part: Extract<LanguageModelV3StreamPart, { type: `${Prose['type']}-${'delta' | 'end'}` }>): boolean {
    const kind = kindOf(part.type);
    const key = `${kind} ${part.id}`;
    const prose = this.#open.get(key) ?? this.#begin(kind, undefined);
    this.#open.set(key, prose);
    if (part.providerMetadata !== undefined) prose.metadata = part.providerMetadata;
    if (!('delta' in part)) return false;
    this.#append(prose, part.delta);
    return part.delta !== '';
  }

  #append(prose: Prose, text: string): void {
    if (prose.type === 'reasoning' || this.#thoughts === undefined) this.#write(prose, text);
    else this.#spread(prose, this.#thoughts.next(text));
  }

  /** Thoughts among the text become a part before it. */
  #spread(prose: Prose, { thought, text }: { readonly thought: string; readonly text: string }): void {
    if (thought !== '') this.#write(this.#thoughtBefore(prose), thought);
    this.#write(prose, text);
  }

  #thoughtBefore(prose: Prose): Prose {
    const place = this.content.indexOf(prose);
    const before = this.content[place - 1];
    if (before?.type === 'reasoning') return before;
    const thought: Prose = { type: 'reasoning', text: '' };
    this.content.splice(place, 0, thought);
    return thought;
  }

  #write(prose: Prose, text: string): void {
    prose.text += text;
    if (prose.type === 'text' && text !== '') this.#onToken(text);
  }

  #lastText(): Prose {
    const last = this.content.findLast((part): part is Prose => part.type === 'text');
    return last ?? this.#begin('text', undefined);
  }

  #addCall(part: Extract<LanguageModelV3Content, { type: 'tool-call' }>): void {
    if (part.providerExecuted === true) return;
    const call = { call_id: part.toolCallId, name: part.toolName, arguments: part.input };
    this.content.push({ type: 'tool-call', call, metadata: part.providerMetadata });
  }

  #joined(type: Prose['type']): string {
    return this.content.map((part) => (part.type === type ? part.text : '')).join('');
  }
}

function kindOf(type: `${Prose['type']}-${string}`): Prose['type'] {
  return type.startsWith('text') ? 'text' : 'reasoning';
}
