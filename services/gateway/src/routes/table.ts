/** The route table: a path that is not listed here does not exist. */
import { accessRoutes } from './access-routes.js';
import { catalogRoutes } from './catalog-routes.js';
import type { Route } from './route.js';
import { runControlRoutes } from './run-control-routes.js';
import { runExplanationRoutes } from './run-explanation-routes.js';
import { runRemovalRoutes } from './run-removal-routes.js';
import { runRoutes } from './run-routes.js';
import { runStartRoutes } from './run-start-routes.js';
import { runStepRoutes } from './run-step-routes.js';
import { segmentRoutes } from './segment-routes.js';
import { serviceRoutes } from './service-routes.js';
import { taskRoutes } from './task-routes.js';

export const routes: readonly Route[] = [
  ...serviceRoutes,
  ...catalogRoutes,
  ...segmentRoutes,
  ...runStartRoutes,
  ...runRoutes,
  ...runExplanationRoutes,
  ...runStepRoutes,
  ...runControlRoutes,
  ...runRemovalRoutes,
  ...taskRoutes,
  ...accessRoutes,
];
