import { effects_plugin } from '../effects-plugin/step-types.js';

export default effects_plugin(2);
