/** Purpose: checks dashboards strictly against the types that are generated from the schema of Grafana, those of its panels included. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Dashboard, Panel } from './dashboards.js';
import { root } from './image-tree.js';

/** Beside the folder of the file; the package exports only a part of them. */
const types = '../@grafana/schema/dist/types/raw';

/** What is the same in all of them. Enums are their values, and of panels Grafana fills in what is not there. */
const head = `
import type * as grafana from '${types}/dashboard/x/dashboard_types.gen';
import type { Options as StatOptions } from '${types}/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { FieldConfig, Options } from '${types}/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
type Plain<T> = T extends string ? \`\${T}\` : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Some<T> = T extends (infer E)[] ? Some<E>[] : T extends object ? { [K in keyof T]?: Some<T[K]> } : Plain<T>;
`.trim();

const optionTypes: Readonly<Record<string, string>> = { stat: 'StatOptions', timeseries: 'Options' };

/** What is wrong with it: unknown, missing and mistyped fields. A literal may have no field that its type does not know. */
export function typeFaults(dashboards: readonly Dashboard[]): string[] {
  const folder = mkdtempSync(join(root, 'node_modules/.cache-dashboards-'));
  const file = join(folder, 'dashboards.ts');
  const declared = dashboards.flatMap((one) => [
    declaration(one.uid, 'Plain<grafana.Dashboard>', { ...one, panels: [] }),
    ...one.panels.flatMap((panel) => declarationsOf(one.uid, panel)),
  ]);
  try {
    writeFileSync(file, [head, ...declared.map(({ text }) => text)].join('\n'));
    const options: ts.CompilerOptions = {
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    const program = ts.createProgram([file], options);
    return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0 }) => {
      const line = program.getSourceFile(file)?.getLineAndCharacterOfPosition(start).line ?? 0;
      const { name } = declared[line - head.split('\n').length] ?? { name: '?' };
      return `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Declaration {
  readonly name: string;
  /** One line. */
  readonly text: string;
}

function declarationsOf(uid: string, panel: Panel): Declaration[] {
  const name = `${uid} ${panel.title}`;
  if (panel.type === 'row') return [declaration(name, 'Plain<grafana.RowPanel>', panel)];
  const ofOptions = optionTypes[panel.type];
  if (ofOptions === undefined) throw new Error(`${name} is a panel of type ${panel.type}`);
  const custom = panel.fieldConfig?.defaults.custom ?? {};
  return [
    declaration(name, 'Plain<grafana.Panel>', panel),
    declaration(name, `Some<${ofOptions}>`, panel.options ?? {}),
    declaration(name, 'Some<FieldConfig>', custom),
  ];
}

function declaration(name: string, type: string, value: object): Declaration {
  return { name, text: `(${JSON.stringify(value)}) satisfies ${type};` };
}
