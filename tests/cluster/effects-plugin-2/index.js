import { effectsPlugin } from '../effects-plugin/step-types.js';

export default effectsPlugin(2);
