#!/usr/bin/env node
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

// Node 22 and later keep compiled code between starts; Node 20 has no such function.
nodeModule.enableCompileCache?.();
const bundle = new URL('../bundle/main.js', import.meta.url);
// A checkout that was compiled but not bundled works too; it starts slower.
await import(existsSync(bundle) ? bundle.href : new URL('../dist/main.js', import.meta.url).href);
