/** The dashboards of Grafana that are written to deploy/observe/grafana/dashboards/. */
import { gatewayDashboard } from './gateway.mjs';
import { modelsDashboard } from './models.mjs';
import { runsDashboard } from './runs.mjs';
import { stepsDashboard } from './steps.mjs';
import { workersDashboard } from './workers.mjs';

const dashboards = [runsDashboard, stepsDashboard, workersDashboard, modelsDashboard, gatewayDashboard];

/** Path from the repository root and content of each file. */
export function dashboardFiles() {
  return dashboards.map((one) => [
    `deploy/observe/grafana/dashboards/${one.uid}.json`,
    `${JSON.stringify(one, null, 2)}\n`,
  ]);
}
