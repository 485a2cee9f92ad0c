/**
 * What Node's permission model refuses, in words: its own message, "Access to this API has been restricted", names neither the file nor who
 * restricts it.
 */
import { LlmteamError } from '@llmteam/contracts';

const deeds: Readonly<Record<string, string>> = {
  FileSystemRead: 'read',
  FileSystemWrite: 'write',
  ChildProcess: 'start a process',
  WorkerThreads: 'start a thread',
  WASI: 'use WASI',
  Net: 'open a connection',
};
const mostCauses = 5;

interface Refusal {
  readonly permission: string;
  readonly resource: string;
}

/** The thrown value, or `PERMISSION_DENIED` if it is, or was caused by, an access that Node refused. Total. */
export function explained(thrown: unknown): unknown {
  try {
    const refusal = refusalIn(thrown);
    return refusal === null ? thrown : denied(refusal, thrown as Error);
  } catch {
    return thrown;
  }
}

function refusalIn(thrown: unknown): Refusal | null {
  let at = thrown;
  for (let depth = 0; depth < mostCauses && at instanceof Error && !(at instanceof LlmteamError); depth++) {
    const { code, permission, resource } = at as Error & Partial<Record<'code' | 'permission' | 'resource', unknown>>;
    if (code === 'ERR_ACCESS_DENIED') return { permission: String(permission ?? ''), resource: String(resource ?? '') };
    at = at.cause;
  }
  return null;
}

function denied({ permission, resource }: Refusal, thrown: Error): LlmteamError {
  const isFile = permission.startsWith('FileSystem');
  const what = `${deeds[permission] ?? `use ${permission}`}${resource === '' ? '' : ` '${resource}'`}`;
  const reach = isFile ? ', where it reads its own package and dependencies only and writes nothing' : '';
  const own = 'code' in thrown && thrown.code === 'ERR_ACCESS_DENIED' ? '' : `${thrown.message}: `;
  return new LlmteamError(
    'PERMISSION_DENIED',
    `${own}a plugin may not ${what} in a process of its own (\`isolation: process\`)${reach}`,
    {
      cause: thrown,
      details: { permission, resource },
    },
  );
}
