import { effects_plugin } from './step-types.js';

export default effects_plugin(1);
