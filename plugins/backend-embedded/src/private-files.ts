/** Modes of what a store creates: inputs, outputs and prompts of runs are for its user only. Windows ignores them. */
export const privateFolder = 0o700;
export const privateFile = 0o600;
