import { LlmteamError, type PermissionKind } from '@llmteam/contracts';
import { distance } from 'fastest-levenshtein';

/** What was asked for by name and is not configured. `plugin`: whose handler asked. */
export function unknownRef(
  kind: Exclude<PermissionKind, 'network'>,
  ref: string,
  known: readonly string[],
  plugin?: string,
): LlmteamError {
  const section = `\`${kind}s\` of the configuration`;
  const fault =
    plugin === undefined
      ? `there is no ${kind} '${ref}' in ${section}`
      : `plugin '${plugin}' asked for ${kind} '${ref}', which is not in ${section}`;
  return new LlmteamError('UNKNOWN_REF', `${fault}; ${nearestOf(ref, known)}`);
}

/** The name that was meant, or those that there are. */
export function nearestOf(name: string, known: readonly string[]): string {
  const near = known.find((one) => distance(one, name) <= 2);
  return near === undefined ? `configured: ${known.join(', ') || 'none'}` : `did you mean '${near}'?`;
}
