import { chat, openaiChat } from './chat-wire.js';
import { gemini } from './gemini-wire.js';
import { messages } from './messages-wire.js';
import { responses } from './responses-wire.js';
import type { Protocol } from './wire-service.js';

export const protocols: readonly Protocol[] = [chat, openaiChat, responses, messages, gemini];
