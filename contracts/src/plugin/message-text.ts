import type { ModelMessage } from './language-model.js';

/** The text of a message, without files and tool calls. */
export function messageText({ content }: ModelMessage): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}
