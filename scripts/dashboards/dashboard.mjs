/** A dashboard of Grafana from rows of panels: places, numbers and what is the same in all of them. */
import { dataSource } from './panels.mjs';

const tag = 'llmteam';
const columns = 24;

const dataSourceVariable = {
  type: 'datasource',
  name: 'datasource',
  label: 'Data source',
  query: 'prometheus',
  current: { text: 'Prometheus', value: 'prometheus' },
};

/** Values of a label. All of them match series without the label too, which is how a process tells them without a token. */
export function labelVariable(name, label, series) {
  return {
    type: 'query',
    name,
    label,
    datasource: dataSource,
    query: { query: `label_values(${series}, ${label})`, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

/** Panels of a row share its width. */
function placed(rows) {
  const panels = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    panels.push({ type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y, w: columns, h: 1 } });
    y += 1;
    for (let first = 0; first < inRow.length; ) {
      const line = lineFrom(inRow, first);
      const w = Math.floor(columns / line.length);
      const h = line[0].type === 'stat' ? 4 : 8;
      line.forEach((panel, place) => {
        panels.push({ ...panel, gridPos: { x: place * w, y, w, h } });
      });
      y += h;
      first += line.length;
    }
  }
  return panels.map((panel, place) => ({ id: place + 1, ...panel }));
}

/** All numbers of a row beside each other, or two or three graphs. */
function lineFrom(panels, first) {
  const isStat = panels[first].type === 'stat';
  const end = panels.findIndex((panel, place) => place > first && (panel.type === 'stat') !== isStat);
  const left = panels.slice(first, end === -1 ? undefined : end);
  return isStat ? left : left.slice(0, left.length % 3 === 0 ? 3 : 2);
}

export function dashboard({ uid, title, description, variables, rows }) {
  const links = {
    type: 'dashboards',
    tags: [tag],
    title: 'LLMTeam',
    tooltip: '',
    icon: 'external link',
    asDropdown: false,
    includeVars: true,
    keepTime: true,
    targetBlank: false,
  };
  return {
    uid,
    title: `LLMTeam: ${title}`,
    description,
    tags: [tag],
    links: [links],
    templating: { list: [dataSourceVariable, ...variables] },
    time: { from: 'now-1h', to: 'now' },
    refresh: '10s',
    timezone: 'browser',
    graphTooltip: 1,
    editable: true,
    schemaVersion: 41,
    panels: placed(rows),
  };
}
