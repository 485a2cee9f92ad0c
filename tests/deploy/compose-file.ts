import { parse } from 'yaml';

/** The subset of a compose file that ours uses. */
export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> | readonly string[];
  readonly deploy?: { readonly replicas: number };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** `variables`: the environment of `docker compose`, or its `--env-file`. */
export function readComposeFile(text: string, variables: Readonly<Record<string, string | undefined>>): ComposeFile {
  const filled = text.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, otherwise: string) => {
    return JSON.stringify(variables[name] || otherwise);
  });
  const file = parse(filled, { merge: true }) as ComposeFile;
  const active = (variables.COMPOSE_PROFILES ?? '').split(',');
  const services = Object.entries(file.services).filter(([, { profiles }]) => {
    return profiles === undefined || profiles.some((one) => active.includes(one));
  });
  return { ...file, services: Object.fromEntries(services) };
}
