/**
 * Purpose: the files of a new project, by the provider of its model.
 * Owns: their content. Nothing here touches the file system.
 */
import type { Json } from '@llmteam/contracts';

export const initProviders = ['offline', 'ollama', 'openai', 'anthropic'] as const;
export type InitProvider = (typeof initProviders)[number];

interface Provider {
  readonly about: string;
  readonly model: string | null;
  /** What to do before the first run; null if nothing. */
  readonly preparation: ((model: string) => string) | null;
  llm(model: string): Json;
}

const withKey = (variable: string, where: string) => (): string =>
  `Create an API key at ${where} and set it in the shell:\n\n    export ${variable}=…`;

export const providers: Readonly<Record<InitProvider, Provider>> = {
  offline: {
    about: 'no model: answers are made up on this machine, to try things out',
    model: null,
    preparation: null,
    llm: () => ({ provider: 'offline' }),
  },
  ollama: {
    about: 'a model on this machine, served by Ollama',
    model: 'llama3.2',
    preparation: (model) => `Install Ollama from https://ollama.com and load the model:\n\n    ollama pull ${model}`,
    llm: (model) => ({ provider: 'openai-compatible', base_url: 'http://127.0.0.1:11434/v1', model }),
  },
  openai: {
    about: 'a model of OpenAI; needs an API key',
    model: 'gpt-4.1-mini',
    preparation: withKey('OPENAI_API_KEY', 'https://platform.openai.com/api-keys'),
    llm: (model) => ({ provider: 'openai', model, api_key: 'env:OPENAI_API_KEY' }),
  },
  anthropic: {
    about: 'a model of Anthropic; needs an API key',
    model: 'claude-sonnet-4-5',
    preparation: withKey('ANTHROPIC_API_KEY', 'https://console.anthropic.com'),
    llm: (model) => ({ provider: 'anthropic', model, api_key: 'env:ANTHROPIC_API_KEY' }),
  },
};

export interface ProjectFile {
  readonly name: string;
  readonly text: string;
}

export const segmentFile = 'announcement.json';
/** Next to the segment, which names it. */
export const editorSchemaFile = 'segment.schema.json';

/** `model` overrides the provider's default. Without the schema for editors, which depends on the installed step types. */
export function projectFiles(provider: InitProvider, model?: string): readonly ProjectFile[] {
  const { llm, model: usual, preparation } = providers[provider];
  const name = model ?? usual ?? '';
  return [
    { name: 'llmteam.config.json', text: asText({ llms: { writer: llm(name) } }) },
    { name: segmentFile, text: asText(segment) },
    { name: 'input.json', text: asText({ product: 'a bicycle bell that plays Bach' }) },
    { name: '.gitignore', text: '.llmteam/\n' },
    { name: 'README.md', text: readme(preparation === null ? '' : `${preparation(name)}\n\n`) },
  ];
}

function asText(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

const segment: Json = {
  $schema: `./${editorSchemaFile}`,
  segment_id: 'announcement',
  name: 'Announcement',
  description: 'A model drafts an announcement, and a person decides whether it is published.',
  entrypoint: 'draft',
  params: { timeout_seconds: null },
  input_schema: {
    type: 'object',
    properties: { product: { type: 'string', minLength: 1 } },
    required: ['product'],
  },
  steps: [
    {
      step_id: 'draft',
      type: 'llm_agent',
      config: { llm_ref: 'writer', user_prompt_template: 'Announce {product} in two sentences.' },
    },
    { step_id: 'approve', type: 'human_task', config: { task_type: 'approval', title: 'Publish this announcement?' } },
    { step_id: 'publish', type: 'transform', config: { mapping: { published: 'input.input' } } },
    {
      step_id: 'discard',
      type: 'transform',
      config: { mapping: { discarded: 'input.input', reason: 'input.comment' } },
    },
  ],
  edges: [
    { from: 'draft', to: 'approve' },
    { from: 'approve', from_port: 'approved', to: 'publish' },
    { from: 'approve', from_port: 'rejected', to: 'discard' },
  ],
};

function readme(preparation: string): string {
  return `# Announcement

A first LLMTeam project: a model drafts an announcement (\`draft\`), and a person decides whether it is published (\`approve\`).

${preparation}Run it and answer the question in the terminal:

    llmteam run ${segmentFile} -i input.json

| file | content |
|---|---|
| \`llmteam.config.json\` | the models that segments refer to by name (\`llm_ref\`) |
| \`${segmentFile}\` | the segment: its steps and the edges between them |
| \`input.json\` | the input of a run |
| \`${editorSchemaFile}\` | what editors complete and check segments with; \`llmteam schema -o ${editorSchemaFile}\` renews it |
| \`.llmteam/\` | the runs; created by the first one |

Next:

| command | |
|---|---|
| \`llmteam validate ${segmentFile}\` | shows every error at once, before anything runs |
| \`llmteam run ${segmentFile} -i input.json --watch\` | runs it again whenever a file changes |
| \`llmteam graph ${segmentFile} -o picture.svg\` | draws it |
| \`llmteam catalog\` | lists the step types |
| \`llmteam runs list\` | lists the runs |
| \`llmteam dev\` | serves the same over HTTP |
`;
}
