/** Every route there is. An address that is not here does not exist. */
import { catalog_routes } from './catalog-routes.js';
import type { Route } from './route.js';
import { run_control_routes } from './run-control-routes.js';
import { run_routes } from './run-routes.js';
import { run_start_routes } from './run-start-routes.js';
import { segment_routes } from './segment-routes.js';
import { service_routes } from './service-routes.js';
import { task_routes } from './task-routes.js';

export const routes: readonly Route[] = [
  ...service_routes,
  ...catalog_routes,
  ...segment_routes,
  ...run_start_routes,
  ...run_routes,
  ...run_control_routes,
  ...task_routes,
];
