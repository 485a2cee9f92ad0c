/** What a plugin did whose code threw where nobody could catch it, while it was loaded or started. */
export function strayedMessage(what: string): string {
  return `threw outside of every promise: ${what}`;
}
