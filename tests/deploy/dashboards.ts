/** The dashboards of deploy/observe and their queries, with variables filled in as Grafana does. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './image-tree.js';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string; readonly custom?: object } };
  readonly options?: object;
  readonly targets?: readonly { readonly expr: string; readonly exemplar?: boolean }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly allValue?: string;
  readonly query: string | { readonly query: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly tags: readonly string[] }[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

const folder = join(root, 'deploy/observe/grafana/dashboards');

export function dashboards(): Dashboard[] {
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard);
}

export interface LabelVariable {
  readonly name: string;
  readonly label: string;
  readonly series: string;
  readonly allValue: string;
}

/** The variables that are the values of a label. */
export function labelVariables({ uid, templating }: Dashboard): LabelVariable[] {
  const asked = templating.list.filter(({ type }) => type === 'query');
  return asked.map(({ name, query, allValue = '' }) => {
    const text = typeof query === 'string' ? query : query.query;
    const [, series, label] = /^label_values\((\w+), (\w+)\)$/.exec(text) ?? [];
    if (series === undefined || label === undefined) throw new Error(`${uid}: $${name} asks ${text}`);
    return { name, label, series, allValue };
  });
}

/** Several values become a group. */
export function chosen(values: readonly string[]): string {
  return `(${values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&')).join('|')})`;
}

/** For Prometheus, scraped every second, over a minute. */
export function filledIn(expr: string, variables: Readonly<Record<string, string>>): string {
  const known: Readonly<Record<string, string>> = { ...variables, __rate_interval: '10s', __range: '60s' };
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = known[name];
    if (value === undefined) throw new Error(`nobody fills in $${name} of ${expr}`);
    return value;
  });
}
