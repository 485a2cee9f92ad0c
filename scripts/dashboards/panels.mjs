/** Panels: a number or a graph, with its unit and what to do about it. */

export const dataSource = { type: 'prometheus', uid: '${datasource}' };

const thresholdColors = ['green', 'orange', 'red'];

/** @param {readonly number[]} limits From where it is orange, and from where it is red. */
function thresholds(limits) {
  const steps = [null, ...limits].map((value, place) => ({ value, color: thresholdColors[place] }));
  return { mode: 'absolute', steps };
}

function panelOf(type, title, unit, description, { limits, noValue }) {
  const defaults = {
    unit,
    min: 0,
    ...(limits && { thresholds: thresholds(limits) }),
    ...(noValue !== undefined && { noValue }),
  };
  return { type, title, description, datasource: dataSource, fieldConfig: { defaults, overrides: [] } };
}

/** The last value of a query. `limits` color it. */
export function stat(title, unit, description, expr, { limits = [], noValue = '0' } = {}) {
  const panel = panelOf('stat', title, unit, description, { limits, noValue });
  return {
    ...panel,
    options: {
      colorMode: 'value',
      graphMode: 'area',
      textMode: 'value',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
    targets: [{ refId: 'A', datasource: dataSource, expr, range: true }],
  };
}

/**
 * @param {readonly [expr: string, legend: string][]} queries
 * @param {{ stacked?: boolean, exemplars?: boolean, max?: number }} more `exemplars` shows traces as points; a click leads to one.
 */
export function graph(title, unit, description, queries, { stacked = false, exemplars = false, max } = {}) {
  const panel = panelOf('timeseries', title, unit, description, {});
  const custom = {
    fillOpacity: stacked ? 30 : 5,
    showPoints: 'never',
    stacking: { mode: stacked ? 'normal' : 'none' },
  };
  Object.assign(panel.fieldConfig.defaults, { custom }, max !== undefined && { max });
  return {
    ...panel,
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    targets: queries.map(([expr, legendFormat], place) => ({
      refId: String.fromCharCode(65 + place),
      datasource: dataSource,
      expr,
      legendFormat,
      range: true,
      ...(exemplars && { exemplar: true }),
    })),
  };
}
