import { Identifier } from '@llmteam/contracts';

/** The pattern of ids and port names, taken from the contract's schema. */
export const identifierPattern: unknown = Reflect.get(Identifier, 'pattern');

export const identifierForm = 'lower-case letters, digits and _, a letter first';
