import type { DialectName } from "../core/call.ts";
import { anthropic } from "./anthropic/anthropic.ts";
import type { Dialect } from "./dialect.ts";
import { ollama } from "./ollama/ollama.ts";
import { openai } from "./openai/openai.ts";

/** Every dialect by its name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { ollama, openai, anthropic };
