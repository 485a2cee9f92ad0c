import { LlmteamError, type Plugin, permissionList } from '@llmteam/contracts';
import type { PluginPackage } from './plugin-manifest.js';

/**
 * Step types may use less than the manifest of their plugin declares, never more: the manifest is what an operator reads before anything
 * of the plugin runs. @throws LlmteamError `PLUGIN_INVALID`
 */
export function checkPermissions({ specifier, manifest }: PluginPackage, { stepTypes = [] }: Plugin): void {
  const declared = permissionList(manifest.permissions ?? {});
  const faults = stepTypes.flatMap(({ metadata: { type_id, permissions = [] } }) =>
    permissions
      .filter((permission) => !declared.includes(permission))
      .map((permission) => `step type '${type_id}' uses '${permission}', which the manifest does not declare`),
  );
  if (faults.length > 0) throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
}
