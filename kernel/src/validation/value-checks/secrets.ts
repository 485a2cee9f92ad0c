import type { Problem } from '@llmteam/contracts';
import type { ConfigPlace } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import type { ValueCheck } from '../value-check.js';
import { error, quoted } from '../wording.js';

/** Headers whose values are credentials. */
const secretHeader =
  /(?:^|[-_])(?:authorization|cookie|api-?key|(?:access|auth|session|private)-?(?:token|key)|secret|password)$/i;
/** The forms of keys that services issue, and of JSON Web Tokens. */
const secretValue =
  /\b(?:sk-[\w-]{16,}|sk_live_\w{16,}|gh[opsu]_\w{30,}|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.)/;
const environmentReference = /(?:^|\s)env:([A-Za-z_]\w*)$/;
const longestSecret = 8_192;

/**
 * Segments hold no secrets: they are stored, shown and shared. Reports literal credentials in `headers`, and `env:NAME`, which only the
 * configuration file resolves.
 */
export const secrets: ValueCheck = function* (place, step) {
  const { value, path } = place;
  if (typeof value !== 'string' || value.length > longestSecret || value.includes('${')) return;
  const [, variable] = environmentReference.exec(value) ?? [];
  const [key, parent] = path.toReversed();
  const header = parent === 'headers' && typeof key === 'string' ? key : null;
  if (variable !== undefined) yield unread(variable, place, step);
  else if (header !== null && value !== '' && (secretHeader.test(header) || secretValue.test(value))) {
    yield secret(header, place, step);
  }
};

const advice = 'give it to a client in llmteam.config.json and name that in client_ref';

function unread(variable: string, { pointer, path }: ConfigPlace, step: DraftStep): Problem {
  const what = `${quoted(path.join('.'))} is \`env:${variable}\`, which is read only in llmteam.config.json`;
  return error('SECRET_IN_SEGMENT', pointer, `${step.subject}, config: ${what}; ${advice}`);
}

/** The value is not repeated. */
function secret(header: string, { pointer }: ConfigPlace, step: DraftStep): Problem {
  const message = `${step.subject}, config: the header ${quoted(header)} looks like a secret, and segments are stored and shown; ${advice}`;
  return error('SECRET_IN_SEGMENT', pointer, message);
}
