import { kindInWords } from '../json/kind-in-words.js';

/** What a handler must return, and what it returned instead. */
export function notPorts(returned: unknown): string {
  return `must return an object {port: value}, such as { output: 1 }, not ${kindInWords(returned)}`;
}
