import { effectsPlugin } from './step-types.js';

export default effectsPlugin(1);
