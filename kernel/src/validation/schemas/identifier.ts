import { Identifier } from '@llmteam/contracts';

/** The pattern of ids and port names, as the contract's schemas carry it. */
export const identifier_pattern: unknown = Reflect.get(Identifier, 'pattern');

export const identifier_form = 'lower-case letters, digits and _, a letter first';
